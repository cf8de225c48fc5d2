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

/** @param address a multiaddress /ip4/…/tcp/…/p2p/… */
export async function openProxy(address: string): Promise<Proxy> {
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
    near.pipe(far);
    far.on("data", (chunk: Buffer) => {
      received += chunk.length;
      if (received > limit) far.pause();
      else if (!near.write(chunk)) {
        far.pause();
        near.once("drain", () => far.resume());
      }
    });
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
