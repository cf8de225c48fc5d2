/** The way from others to one node's store, which can be cut or slow. */
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";

export class PeerLink implements AsyncDisposable {
  /** Bytes a second, each way of each connection. */
  rate = Infinity;
  #isCut = false;
  readonly #server: Server;
  readonly #lines = new Set<Socket>();

  private constructor(target: number) {
    this.#server = createServer((near) => {
      if (this.#isCut) {
        near.destroy();
        return;
      }
      const far = connect(target, "127.0.0.1");
      for (const line of [near, far]) {
        this.#lines.add(line);
        line.on("close", () => this.#lines.delete(line));
        line.on("error", () => undefined);
      }
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        pipeline(from, this.#throttle(), to).catch(() => {
          near.destroy();
          far.destroy();
        });
      }
    });
  }

  /** @param target port of the node's store */
  static async start(target: number): Promise<PeerLink> {
    const link = new PeerLink(target);
    await new Promise<void>((resolve) => link.#server.listen(0, "127.0.0.1", resolve));
    return link;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  cut(): void {
    this.#isCut = true;
    for (const line of this.#lines) line.destroy();
  }

  mend(): void {
    this.#isCut = false;
    this.rate = Infinity;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const line of this.#lines) line.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #throttle(): Transform {
    const milliseconds = (bytes: number) => (this.rate === Infinity ? 0 : (bytes / this.rate) * 1_000);
    return new Transform({
      transform(chunk: Buffer, _encoding, done) {
        const pause = milliseconds(chunk.length);
        if (pause < 1) done(null, chunk);
        else void sleep(pause).then(() => done(null, chunk));
      },
    });
  }
}
