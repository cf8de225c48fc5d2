import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * What an endpoint does with a request: a number is an HTTP status. "swallow" takes transactions and drops the connection
 * instead of an answer.
 */
export type Fault =
  "none" | "swallow" | "drop" | "silence" | "refuse" | number | { readonly delayMilliseconds: number };

interface Question {
  readonly id: number;
  readonly method: string;
  readonly params: readonly unknown[];
}

/** An endpoint of a chain on loopback that does what it is told to, and takes notes. */
export class UnreliableEndpoint implements AsyncDisposable {
  fault: Fault = "none";
  /** It answers as it would have with this block as the latest. */
  frozenAt: number | undefined;
  /** Whose answers it gives: an address of a chain's real endpoint. */
  chain: string;
  /** Methods that were asked for, in order, those of every request beside the question left out. */
  readonly asked: string[] = [];
  requests = 0;
  readonly #server: Server;

  private constructor(chain: string) {
    this.chain = chain;
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        this.requests++;
        this.#answer(Buffer.concat(chunks).toString(), response).catch(() => response.destroy());
      });
    });
  }

  static async start(chain: string): Promise<UnreliableEndpoint> {
    const endpoint = new UnreliableEndpoint(chain);
    await new Promise<void>((resolve) => endpoint.#server.listen(0, "127.0.0.1", resolve));
    return endpoint;
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get address(): string {
    return `http://operator:hunter2@${this.host}/v3/0123456789abcdef`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(body: string, response: ServerResponse): Promise<void> {
    const { fault } = this;
    const questions = [JSON.parse(body) as Question | Question[]].flat();
    const usual = ["eth_chainId", "eth_blockNumber"];
    this.asked.push(...questions.map(({ method }) => method).filter((method) => !usual.includes(method)));
    if (fault === "drop") response.destroy();
    if (fault === "drop" || fault === "silence") return;
    if (typeof fault === "number") {
      response.writeHead(fault).end("the key 0123456789abcdef is no good");
      return;
    }
    if (typeof fault === "object") await new Promise((resolve) => setTimeout(resolve, fault.delayMilliseconds));
    const forwarded = this.frozenAt === undefined ? questions : questions.map((one) => frozen(one, this.frozenAt ?? 0));
    const answer = await fetch(this.chain, {
      method: "POST",
      body: JSON.stringify(Array.isArray(JSON.parse(body)) ? forwarded : forwarded[0]),
      headers: { "content-type": "application/json" },
    });
    if (fault === "swallow" && questions.some(({ method }) => method === "eth_sendRawTransaction")) {
      response.destroy();
      return;
    }
    const answers = [(await answer.json()) as Record<string, unknown> | Record<string, unknown>[]].flat();
    const altered = answers.map((one) => this.#alter(one, questions));
    response.end(JSON.stringify(Array.isArray(JSON.parse(body)) ? altered : altered[0]));
  }

  #alter(answer: Record<string, unknown>, questions: readonly Question[]): Record<string, unknown> {
    const { id, method } = questions.find((question) => question.id === answer.id) ?? { id: null, method: "" };
    const isOwn = ["eth_chainId", "eth_blockNumber"].includes(method);
    if (this.fault === "refuse" && !isOwn) {
      return { jsonrpc: "2.0", id, error: { code: -32_005, message: "limit exceeded for key 0123456789abcdef" } };
    }
    const height = this.frozenAt;
    if (height === undefined) return answer;
    if (method === "eth_blockNumber") return { ...answer, result: `0x${height.toString(16)}` };
    const block = (answer.result as { blockNumber?: string } | null)?.blockNumber;
    return block !== undefined && Number(block) > height ? { ...answer, result: null } : answer;
  }
}

/** A question about the latest block, as an endpoint takes it that has not heard of later blocks. */
function frozen(question: Question, height: number): Question {
  const params = question.params.map((param) => (param === "latest" ? `0x${height.toString(16)}` : param));
  return { ...question, params };
}
