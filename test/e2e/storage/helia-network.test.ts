import { spawn } from "node:child_process";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { readdir, writeFile } from "node:fs/promises";
import type { AddressInfo, Server, Socket } from "node:net";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";

import { expect } from "chai";

import { StoreError } from "../../../src/storage/errors.ts";
import type { HeliaStore } from "../../../src/storage/helia.ts";
import { openHeliaStore } from "../../../src/storage/helia.ts";
import { startHeliaNode } from "../../../src/storage/helia-node.ts";
import { formatContentId } from "../../../src/weights/content-id.ts";
import { peerIdOf } from "../../unit/storage/peer-ids.ts";
import { someBytes, contentIdByOptions, storeErrorOf } from "./contract.ts";
import type { Proxy } from "./proxy.ts";
import { openProxy } from "./proxy.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const MB = 1_000_000;
/** Blocks asked for at once, a block being 1 MiB: what may be on its way when a line goes silent. */
const ON_THE_WAY = 9 * 1024 * 1024;
/** A fetch that a test's own time would run out before. */
const patient = { maxBytes: 10 * MB, timeoutMilliseconds: 600_000 };

describe("Helia stores among each other", function () {
  this.timeout(120_000);
  const closing: (() => Promise<void>)[] = [];
  let publisher: HeliaStore;
  let reader: HeliaStore;
  let readerDirectory: string;

  async function directory(): Promise<string> {
    const { path, remove } = await temporaryDirectory();
    closing.push(remove);
    return path;
  }
  async function open(path?: string): Promise<HeliaStore> {
    const store = await openHeliaStore({ directory: path ?? (await directory()) });
    closing.push(() => store.stop());
    return store;
  }
  async function proxyTo(store: HeliaStore, delay?: number): Promise<Proxy> {
    const proxy = await openProxy((await store.addresses())[0]!, delay);
    closing.push(() => proxy.close());
    return proxy;
  }
  /** A peer id that nobody has, at the address of a server that is no libp2p node. */
  async function impostor(onConnection: (socket: Socket) => void, peerId = peerIdOf(0)): Promise<string> {
    const sockets = new Set<Socket>();
    const server: Server = createServer((socket) => {
      sockets.add(socket);
      socket.on("error", () => undefined);
      onConnection(socket);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    closing.push(async () => {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    });
    const { port } = server.address() as AddressInfo;
    return `/ip4/127.0.0.1/tcp/${port}/p2p/${peerId}`;
  }

  beforeEach(async () => {
    publisher = await open();
    readerDirectory = await directory();
    reader = await open(readerDirectory);
  });
  afterEach(async () => {
    while (closing.length > 0) await closing.pop()?.();
  });

  it("fetch a file and keep it when its publisher has gone", async () => {
    const bytes = someBytes(20 * MB);
    const id = await publisher.add(bytes);
    const providers = await publisher.addresses();
    expect(Buffer.compare(await reader.get(id, { maxBytes: 20 * MB, providers }), bytes)).to.equal(0);
    await publisher.stop();
    expect(await reader.has(id)).to.be.true;
    expect((await reader.get(id, { maxBytes: 20 * MB, providers })).length).to.equal(20 * MB);
  });

  it("fetch one file for several callers at once, each block coming once", async () => {
    const id = await publisher.add(someBytes(5 * MB));
    const proxy = await proxyTo(publisher);
    const options = { maxBytes: 5 * MB, providers: [proxy.address] };
    const files = await Promise.all([1, 2, 3].map(() => reader.get(id, options)));
    expect(files.map(({ length }) => length)).to.deep.equal([5 * MB, 5 * MB, 5 * MB]);
    expect(proxy.received()).to.be.below(5.5 * MB);
  });

  it("fetch a file whose chunks recur at once, each coming once", async () => {
    const chunks = ["a", "b"].map((seed) => someBytes(1024 * 1024, seed));
    const bytes = Buffer.concat(Array.from({ length: 20 }, () => chunks).flat());
    const id = await publisher.add(bytes);
    const proxy = await proxyTo(publisher);
    const started = performance.now();
    const file = await reader.get(id, { maxBytes: bytes.length, providers: [proxy.address] });
    expect(performance.now() - started, "a stall would have taken 15 s").to.be.below(14_000);
    expect(Buffer.compare(file, bytes)).to.equal(0);
    expect(proxy.received()).to.be.below(3 * MB);
  });

  it("fetch each block from one provider only when several have the file", async () => {
    const bytes = someBytes(5 * MB);
    const second = await open();
    const proxies = [await proxyTo(publisher), await proxyTo(second)];
    const id = await publisher.add(bytes);
    await second.add(bytes);
    await reader.get(id, { maxBytes: 5 * MB, providers: proxies.map(({ address }) => address) });
    expect(proxies[0]!.received() + proxies[1]!.received()).to.be.below(5.5 * MB);
  });

  it("go on where a process was killed in the middle of a fetch", async () => {
    const size = 40 * MB;
    const id = await publisher.add(someBytes(size));
    const proxy = await proxyTo(publisher);
    proxy.silentAfter(20 * MB);
    const path = await directory();
    const run = () =>
      spawn(process.execPath, [join(import.meta.dirname, "fetcher.ts"), path, formatContentId(id), proxy.address], {
        stdio: ["ignore", "pipe", "inherit"],
      });

    const first = run();
    for await (const line of createInterface(first.stdout)) if (Number(line) >= 10 * MB) break;
    first.kill("SIGKILL");
    await once(first, "exit");
    const kept = (await blockFiles(path)).length;
    expect(kept).to.be.within(8, 22);

    proxy.silentAfter(Infinity);
    const before = proxy.received();
    const second = run();
    const [code] = (await once(second, "exit")) as [number];
    expect(code).to.equal(0);
    expect(proxy.received() - before).to.be.below(size - (kept - 1) * 1024 * 1024 + MB);
    expect((await blockFiles(path)).length).to.equal(Math.ceil(size / 1024 / 1024) + 1);
  });

  it("go on at once after a fetch that the caller gave up", async () => {
    const size = 40 * MB;
    const id = await publisher.add(someBytes(size));
    const proxy = await proxyTo(publisher);
    const giveUp = new AbortController();
    const reason = new Error("the vote is over");
    const options = { maxBytes: size, providers: [proxy.address] };
    const first = reader.get(id, {
      ...options,
      signal: giveUp.signal,
      onProgress: (bytes) => bytes > 10 * MB && giveUp.abort(reason),
    });
    expect(await first.catch((error: unknown) => error)).to.equal(reason);
    for (let before = -1; before !== proxy.received();) {
      before = proxy.received();
      await setTimeout(500);
    }
    const started = performance.now();
    expect((await reader.get(id, options)).length).to.equal(size);
    expect(proxy.received()).to.be.below(size + MB);
    expect(performance.now() - started, "a stall would have taken 15 s").to.be.below(14_000);
  });

  it("turn to the next provider when one falls silent in the middle, and fetch only the rest from it", async () => {
    const size = 40 * MB;
    const bytes = someBytes(size);
    const second = await open();
    const id = await publisher.add(bytes);
    await second.add(bytes);
    const [silent, lively] = [await proxyTo(publisher), await proxyTo(second)];
    silent.silentAfter(20 * MB);
    const file = await reader.get(id, {
      maxBytes: size,
      providers: [silent.address, lively.address],
      timeoutMilliseconds: 8_000,
    });
    expect(Buffer.compare(file, bytes)).to.equal(0);
    expect(lively.received()).to.be.below(size - 20 * MB + ON_THE_WAY + 2 * MB);
  });

  const useless: [string, () => Promise<string>][] = [
    ["accepts and says nothing", () => impostor(() => undefined)],
    ["hangs up", () => impostor((socket) => socket.destroy())],
    ["sends garbage", () => impostor((socket) => socket.end(someBytes(10_000)))],
    ["is not there", async () => `/ip4/127.0.0.1/tcp/1/p2p/${peerIdOf(0)}`],
    ["is somebody else", async () => `${(await (await open()).addresses())[0]!.split("/p2p/")[0]!}/p2p/${peerIdOf(0)}`],
    ["does not have the file", async () => (await (await open()).addresses())[0]!],
    ["is the store itself", async () => (await reader.addresses())[0]!],
  ];
  for (const [title, peer] of useless) {
    it(`pass over a provider that ${title}, and say not-found in time when there is no other`, async () => {
      const id = await publisher.add(someBytes(3 * MB));
      const bad = await peer();
      const options = { maxBytes: 3 * MB, timeoutMilliseconds: 3_000 };
      const started = performance.now();
      expect(await storeErrorOf(reader.get(id, { ...options, providers: [bad] }))).to.equal("not-found");
      expect(performance.now() - started, "nobody's own time-outs are that short").to.be.below(20_000);
      const providers = [bad, (await publisher.addresses())[0]!];
      expect((await reader.get(id, { ...options, providers })).length).to.equal(3 * MB);
    });
  }

  for (const place of [0, 1]) {
    it(`fetch from number ${place} of many providers, 150 ms away, when all the others are silent`, async () => {
      const bytes = someBytes(3 * MB);
      const id = await publisher.add(bytes);
      const far = await proxyTo(publisher, 75);
      const [, , , , port] = (await impostor(() => undefined)).split("/");
      const providers = Array.from({ length: 200 }, (_, index) => `/ip4/127.0.0.1/tcp/${port}/p2p/${peerIdOf(index)}`);
      providers.splice(place, 0, far.address);
      const file = await reader.get(id, { maxBytes: 3 * MB, timeoutMilliseconds: 10_000, providers });
      expect(Buffer.compare(file, bytes)).to.equal(0);
    });
  }

  it("spend no more than a part of a provider's turn on dialling it", async () => {
    const id = await publisher.add(someBytes(MB));
    // Of one peer; libp2p tries them one after the other, for 6 s each.
    const silent = await Promise.all([1, 2, 3].map(() => impostor(() => undefined)));
    const providers = [...silent, ...(await publisher.addresses())];
    const started = performance.now();
    await reader.get(id, { maxBytes: MB, providers, timeoutMilliseconds: 20_000 });
    expect(performance.now() - started, "the turn would have taken 10 s").to.be.below(9_000);
  });

  it("end a fetch at once when the caller gives up while they dial", async () => {
    const id = await contentIdByOptions(someBytes(10));
    const reason = new Error("the vote is over");
    const giveUp = new AbortController();
    const silent = await impostor(() => giveUp.abort(reason));
    const fetched = reader.get(id, { ...patient, providers: [silent], signal: giveUp.signal });
    expect(await fetched.catch((error: unknown) => error)).to.equal(reason);
  });

  it("end a fetch at once when the caller gives up while they wait for blocks, and keep those that came", async () => {
    const id = await publisher.add(someBytes(10 * MB));
    const proxy = await proxyTo(publisher);
    proxy.silentAfter(5 * MB);
    const reason = new Error("the vote is over");
    const giveUp = new AbortController();
    const fetched = reader.get(id, { ...patient, providers: [proxy.address], signal: giveUp.signal });
    const outcome = fetched.catch((error: unknown) => error);
    while (proxy.received() < 5 * MB) await setTimeout(20);
    giveUp.abort(reason);
    expect(await outcome).to.equal(reason);
    expect(await blockFiles(readerDirectory)).to.have.length.above(1);
  });

  it("end a fetch at once when the caller gives up while they collect garbage", async () => {
    const id = await contentIdByOptions(someBytes(10));
    const reason = new Error("the vote is over");
    const giveUp = new AbortController();
    const underWay = storeErrorOf(reader.get(id, { ...patient, providers: [await impostor(() => undefined)] }));
    const collected = reader.collectGarbage().catch((error: unknown) => error);
    const fetched = reader.get(id, { ...patient, signal: giveUp.signal });
    giveUp.abort(reason);
    expect(await fetched.catch((error: unknown) => error)).to.equal(reason);
    await reader.stop();
    expect(await underWay).to.equal("unavailable");
    await collected;
  });

  it("take no block whose bytes are others than its content id says, and ask the next provider", async () => {
    const bytes = someBytes(3 * MB);
    const liarDirectory = await directory();
    const liar = await open(liarDirectory);
    const id = await liar.add(bytes);
    await publisher.add(bytes);
    for (const file of await blockFiles(liarDirectory)) await writeFile(file, someBytes(1000, "a lie"));
    const options = { maxBytes: 3 * MB, timeoutMilliseconds: 3_000 };
    const [lie] = await liar.addresses();
    expect(await storeErrorOf(reader.get(id, { ...options, providers: [lie!] }))).to.equal("not-found");
    const file = await reader.get(id, { ...options, providers: [lie!, ...(await publisher.addresses())] });
    expect(Buffer.compare(file, bytes)).to.equal(0);
  });

  it("refuse a file above the limit after its first block", async () => {
    const id = await publisher.add(someBytes(20 * MB));
    const proxy = await proxyTo(publisher);
    const error = await storeErrorOf(reader.get(id, { maxBytes: 19 * MB, providers: [proxy.address] }));
    expect(error).to.equal("too-large");
    expect(proxy.received()).to.be.below(MB);
  });

  it("mend a block that was damaged on disk", async () => {
    const bytes = someBytes(3 * MB);
    const id = await reader.add(bytes);
    await publisher.add(bytes);
    const [file] = await blockFiles(readerDirectory);
    await writeFile(file!, "");
    const read = await reader.get(id, { maxBytes: 3 * MB, providers: await publisher.addresses() });
    expect(Buffer.compare(read, bytes)).to.equal(0);
    expect(await reader.has(id)).to.be.true;
  });

  it("keep pinned files and collect the others, which can then be fetched again", async () => {
    const shared = someBytes(1024 * 1024);
    const [kept, lost] = [Buffer.concat([shared, someBytes(10)]), Buffer.concat([shared, someBytes(11)])];
    const keptId = await publisher.add(kept);
    const lostId = await publisher.add(lost);
    const providers = await publisher.addresses();
    for (const id of [keptId, lostId]) {
      await reader.get(id, { maxBytes: 2 * MB, providers });
      await reader.pin(id);
    }
    await reader.unpin(lostId);
    expect(await reader.collectGarbage()).to.equal(2);
    expect(await reader.has(keptId)).to.be.true;
    expect(await reader.has(lostId)).to.be.false;
    const started = performance.now();
    await reader.get(lostId, { maxBytes: 2 * MB, providers });
    expect(performance.now() - started, "a stall would have taken 15 s").to.be.below(10_000);
  });

  it("collect nothing where there is nothing", async () => {
    expect(await reader.collectGarbage()).to.equal(0);
  });

  it("collect no block of a file whose adding has begun", async () => {
    await reader.add(someBytes(10));
    const adding = reader.add(someBytes(20 * MB));
    expect(await reader.collectGarbage()).to.equal(0);
    expect(await reader.has(await adding)).to.be.true;
  });

  it("end a fetch under way when they are stopped", async () => {
    const id = await contentIdByOptions(someBytes(10));
    const silent = await impostor(() => undefined);
    const failed = storeErrorOf(reader.get(id, { maxBytes: 10, providers: [silent], timeoutMilliseconds: 60_000 }));
    await reader.stop();
    expect(await failed).to.equal("unavailable");
  });

  it("keep their peer id, blocks and pins over a restart", async () => {
    const bytes = someBytes(3 * MB);
    const id = await reader.add(bytes);
    await reader.stop();
    const again = await open(readerDirectory);
    expect(again.peerId).to.equal(reader.peerId);
    expect(await again.collectGarbage()).to.equal(0);
    expect(Buffer.compare(await again.get(id, { maxBytes: 3 * MB }), bytes)).to.equal(0);
  });

  it("connect to nothing but the loopback address, and run no service that would", async () => {
    const hosts = new Set<string>();
    // Node's own account of every socket that starts to connect, whoever made it.
    const note = (message: unknown): void => {
      (message as { socket: Socket }).socket.on("connectionAttempt", (address: string) => hosts.add(address));
    };
    subscribe("net.client.socket", note);
    try {
      const node = await startHeliaNode({
        directory: await directory(),
        listen: ["/ip4/127.0.0.1/tcp/0"],
        announce: [],
      });
      closing.push(() => node.stop());
      expect(Object.keys(node.helia.libp2p.services)).to.deep.equal(["identify"]);
      const third = await open();
      const id = await publisher.add(someBytes(3 * MB));
      await third.get(id, { maxBytes: 3 * MB, providers: await publisher.addresses() });
    } finally {
      unsubscribe("net.client.socket", note);
    }
    expect([...hosts]).to.deep.equal(["127.0.0.1"]);
  });

  it("say StoreError and nothing else, whatever a contact on the ledger contains", async () => {
    const id = await contentIdByOptions(someBytes(10));
    const providers = [
      "",
      "\0",
      "/ip4/999.0.0.1/tcp/1/p2p/x",
      "/dnsaddr/example.org/p2p/x",
      "/ip4/127.0.0.1/tcp/99999",
    ];
    const error: unknown = await reader.get(id, { maxBytes: 10, providers }).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(StoreError);
    expect(error).to.have.property("code", "not-found");
  });
});

/** Whole blocks: one that was being written when its process was killed has another name. */
async function blockFiles(directory: string): Promise<string[]> {
  const entries = await readdir(join(directory, "blocks"), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(".data"))
    .map((entry) => join(entry.parentPath, entry.name));
}
