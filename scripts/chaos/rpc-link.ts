/** The way from one node to its JSON-RPC endpoint, which can be cut, slow, or lose what is sent. */
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

import { keccak256 } from "ethers";

interface Question {
  readonly id: number;
  readonly method: string;
  readonly params: readonly unknown[];
}

/** A moment in the life of a transaction, as an endpoint sees it. */
export type Moment = "before broadcast" | "after broadcast" | "before receipt";

export class RpcLink implements AsyncDisposable {
  isCut = false;
  /** Milliseconds by which answers are late. */
  delay = 0;
  /** What is done with transactions that come now. */
  transactions: "sent" | "lost" | "late" = "sent";
  lateMilliseconds = 5_000;
  /** When the last answer went to the node, unix milliseconds. */
  answeredAt = 0;
  /** All transactions that came, as they were signed. */
  readonly signed: string[] = [];
  readonly #server: Server;
  readonly #chain: () => string;
  #trap: { readonly moment: Moment; readonly spring: () => void } | undefined;
  /** Transactions that came since the trap was set. */
  readonly #sinceTrap = new Set<string>();

  private constructor(chain: () => string) {
    this.#chain = chain;
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      if (this.isCut) request.destroy();
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        this.#answer(Buffer.concat(chunks).toString(), response).catch(() => response.destroy());
      });
    });
  }

  /** @param chain address of the chain's endpoint, which may change */
  static async start(chain: () => string): Promise<RpcLink> {
    const link = new RpcLink(chain);
    await new Promise<void>((resolve) => link.#server.listen(0, "127.0.0.1", resolve));
    return link;
  }

  get rpc(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  cut(): void {
    this.isCut = true;
    this.#server.closeAllConnections();
  }

  mend(): void {
    this.isCut = false;
    this.delay = 0;
    this.transactions = "sent";
  }

  /** Does something, once, at a moment in the life of the next transaction. */
  setTrap(moment: Moment, spring: () => void): void {
    this.#sinceTrap.clear();
    this.#trap = { moment, spring };
  }

  /** @returns whether it was still set */
  removeTrap(): boolean {
    const wasSet = this.#trap !== undefined;
    this.#trap = undefined;
    return wasSet;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(body: string, response: ServerResponse): Promise<void> {
    const asked = JSON.parse(body) as Question | Question[];
    if (this.delay > 0) await sleep(this.delay);
    const answers = await Promise.all([asked].flat().map((question) => this.#ask(question)));
    if (this.isCut) {
      response.destroy();
      return;
    }
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(Array.isArray(asked) ? answers : answers[0]));
    this.answeredAt = Date.now();
  }

  async #ask(question: Question): Promise<unknown> {
    const { id, method, params } = question;
    if (method === "eth_getTransactionReceipt" && this.#sinceTrap.has(String(params[0]))) {
      this.#springAt("before receipt");
    }
    if (method !== "eth_sendRawTransaction") return this.#forward(question);
    const raw = String(params[0]);
    const hash = keccak256(raw);
    this.signed.push(raw);
    this.#sinceTrap.add(hash);
    if (this.#springAt("before broadcast")) throw new Error("the node is gone");
    if (this.transactions !== "sent") {
      if (this.transactions === "late")
        void sleep(this.lateMilliseconds)
          .then(() => this.#forward(question))
          .catch(() => undefined);
      return { jsonrpc: "2.0", id, result: hash };
    }
    const answer = await this.#forward(question);
    if (this.#springAt("after broadcast")) throw new Error("the node is gone");
    return answer;
  }

  #springAt(moment: Moment): boolean {
    if (this.#trap?.moment !== moment) return false;
    const { spring } = this.#trap;
    this.#trap = undefined;
    spring();
    return true;
  }

  async #forward(question: Question): Promise<unknown> {
    const answer = await fetch(this.#chain(), {
      method: "POST",
      body: JSON.stringify(question),
      headers: { "content-type": "application/json" },
    });
    return answer.json();
  }
}
