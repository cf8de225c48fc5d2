/**
 * How fast weights travel: 100 MB from one process's store to another's, beside plain TCP over loopback in the same
 * run. Usage: node scripts/bench/storage.ts [runs]
 */
import { fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { openHeliaStore } from "../../src/storage/helia.ts";
import type { ContentId } from "../../src/weights/content-id.ts";

const BYTES = 100_000_000;

interface Offer {
  readonly port: number;
  readonly addresses: readonly string[];
  readonly ids: readonly ContentId[];
}

const [role = "3", directory = ""] = process.argv.slice(2);
if (role === "publish") await publish(directory);
else await measure(Number(role));

/** The other process: a file a run in a store, and the same number of bytes on a plain socket. */
async function publish(path: string): Promise<void> {
  const store = await openHeliaStore({ directory: path });
  const server = createServer((socket) => socket.end(Buffer.alloc(BYTES)));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const ids: ContentId[] = [];
  const runs = Number(process.argv[4]);
  while (ids.length < runs) ids.push(await store.add(randomBytes(BYTES)));
  const offer: Offer = { port: (server.address() as AddressInfo).port, addresses: await store.addresses(), ids };
  process.send?.(offer);
  process.once("disconnect", () => {
    server.close();
    void store.stop();
  });
}

async function measure(runs: number): Promise<void> {
  const path = await mkdtemp(join(tmpdir(), "colearn-bench-"));
  const opening = performance.now();
  const store = await openHeliaStore({ directory: join(path, "reader") });
  console.log(`opening a store: ${Math.round(performance.now() - opening)} ms`);
  console.log(`resident memory, idle: ${Math.round(process.memoryUsage().rss / 1e6)} MB`);
  const publisher = fork(import.meta.filename, ["publish", join(path, "publisher"), String(runs)]);
  const exited = once(publisher, "exit");
  const [offer] = (await once(publisher, "message")) as [Offer];

  const speeds: { tcp: number; store: number }[] = [];
  for (const id of offer.ids) {
    const tcp = await megabytesASecond(() => receive(offer.port));
    const helia = await megabytesASecond(() => store.get(id, { maxBytes: BYTES, providers: offer.addresses }));
    speeds.push({ tcp, store: helia });
    console.log(`plain TCP ${tcp.toFixed(0)} MB/s, store ${helia.toFixed(1)} MB/s`);
  }
  const tcp = median(speeds.map((speed) => speed.tcp));
  const helia = median(speeds.map((speed) => speed.store));
  console.log(
    `median of ${runs}: store ${helia.toFixed(1)} MB/s, plain TCP ${tcp.toFixed(0)} MB/s, ratio ${(helia / tcp).toFixed(3)}`,
  );
  console.log(`resident memory, after: ${Math.round(process.memoryUsage().rss / 1e6)} MB`);

  publisher.disconnect();
  await exited;
  await store.stop();
  await rm(path, { recursive: true });
}

async function receive(port: number): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  socket.resume();
  await once(socket, "close");
}

async function megabytesASecond(transfer: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await transfer();
  return BYTES / 1e3 / (performance.now() - started);
}

function median(numbers: number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
