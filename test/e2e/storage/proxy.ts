import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { connect, createServer } from "node:net";

/** A TCP line whose bytes are counted, and that can be made to go silent. */
export interface Proxy {
  /** The provider's multiaddress, by way of this line. */
  readonly address: string;
  /** Bytes that came from the provider so far. */
  received(): number;
  /** Lets through so many bytes more from the provider, then goes silent without hanging up. */
  silentAfter(bytes: number): void;
  close(): Promise<void>;
}

/**
 * @param address a multiaddress /ip4/…/tcp/…/p2p/…
 * @param delay of everything, each way, in milliseconds: half a round trip
 */
export async function openProxy(address: string, delay = 0): Promise<Proxy> {
  const [, , host, , port, , peer] = address.split("/");
  const sockets = new Set<Socket>();
  let received = 0;
  let limit = Infinity;
  const server = createServer((near) => {
    const far = connect(Number(port), host);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on("error", () => to.destroy());
      from.on("close", () => {
        sockets.delete(from);
        to.destroy();
      });
    }
    if (delay === 0) near.pipe(far);
    else near.on("data", (chunk: Buffer) => void setTimeout(() => far.write(chunk), delay));
    const give = (chunk: Buffer): void => {
      received += chunk.length;
      if (received > limit) far.pause();
      else if (!near.write(chunk)) {
        far.pause();
        near.once("drain", () => far.resume());
      }
    };
    if (delay === 0) far.on("data", give);
    else far.on("data", (chunk: Buffer) => void setTimeout(() => give(chunk), delay));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port: own } = server.address() as AddressInfo;
  return {
    address: `/ip4/127.0.0.1/tcp/${own}/p2p/${peer}`,
    received: () => received,
    silentAfter: (bytes) => (limit = received + bytes),
    async close() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
