import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { expect } from "chai";

import { startChain, type LocalChain } from "../../src/demo/chain.ts";
import { UserError } from "../../src/errors.ts";
import { connect } from "../../src/ledger/connect.ts";
import { endpointRequest, Endpoint } from "../../src/ledger/endpoint.ts";
import { colearn, colearnJson, until, type Run } from "./support/colearn.ts";

const USER = "operator";
const PASSWORD = "hunter2hunter2";
const KEY = "0123456789abcdef";
const ADDRESS = `0x${"1".repeat(40)}`;

/** Answers a question of JSON-RPC: a status alone, or what the chain answers. */
type Answer = (method: string) => number | "forward" | "silence" | "redirect" | "text" | "error";

interface Question {
  readonly id: number;
  readonly method: string;
}

/** An endpoint before a chain that answers as it is told, and takes notes. */
class Gateway {
  readonly requests: { readonly path: string; readonly authorization: string | undefined }[] = [];
  answer: Answer = () => "forward";
  readonly #server: Server;

  constructor(chain: string) {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const body = Buffer.concat(chunks).toString();
        const { authorization } = request.headers;
        this.requests.push({ path: request.url ?? "", authorization });
        const first = [JSON.parse(body) as Question | Question[]].flat()[0];
        const answer = this.answer(first?.method ?? "");
        if (answer === "silence") return;
        if (answer === "redirect") {
          response.writeHead(307, { location: `${chain}/elsewhere` }).end();
        } else if (answer === "text") {
          response.end(`no such key: ${KEY}`);
        } else if (answer === "error") {
          const error = { code: -32_000, message: `the key ${KEY} is used up` };
          response.end(JSON.stringify({ jsonrpc: "2.0", id: first?.id, error }));
        } else if (typeof answer === "number") {
          response.writeHead(answer).end(`the key ${KEY} of ${USER}:${PASSWORD} is not good`);
        } else {
          void fetch(chain, { method: "POST", body, headers: { "content-type": "application/json" } }).then(
            async (forwarded) => response.end(await forwarded.text()),
          );
        }
      });
    });
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return this;
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get secretAddress(): string {
    return `http://${USER}:${PASSWORD}@${this.host}/v3/${KEY}`;
  }

  connections(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.getConnections((error, count) => {
        if (error) reject(error);
        else resolve(count);
      });
    });
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

describe("an endpoint of JSON-RPC", function () {
  this.timeout(60_000);
  let chain: LocalChain;
  let gateway: Gateway;
  let contract: string;

  before(async () => {
    chain = await startChain({ accounts: 2 });
    ({ contract } = await colearnJson<{ contract: string }>(["deploy", "--rpc", chain.rpc, "--dev-account", "0"]));
  });

  beforeEach(async () => {
    gateway = await new Gateway(chain.rpc).start();
  });

  afterEach(() => {
    gateway.stop();
  });

  after(() => chain.stop());

  const status = (rpc: string) => colearn(["status", "--rpc", rpc, "--contract", contract]);

  /** One line that names the host and nothing else of the address, and exit code 2. */
  function refused({ code, stdout, stderr }: Run, message: RegExp): void {
    expect(stderr).to.match(message);
    expect(stderr).to.match(/^error: [^\n]+\n$/);
    expect(stdout).to.equal("");
    for (const secret of [USER, PASSWORD, KEY, "v3"]) expect(stderr).not.to.include(secret);
    expect(code).to.equal(2);
  }

  for (const scheme of ["ws", "wss"]) {
    it(`is refused at a ${scheme}:// address`, async () => {
      const run = await status(`${scheme}://${USER}:${PASSWORD}@127.0.0.1:1/v3/${KEY}`);
      refused(run, /127\.0\.0\.1:1 is a WebSocket's \(give its address with http:\/\/ or https:\/\//);
    });
  }

  it("works with a user and password, which travel in a header", async () => {
    const json = ["--rpc", gateway.secretAddress, "--dev-account", "1"];
    expect(await colearnJson(["deploy", ...json])).to.have.property("chainId", 31337);
    expect(gateway.requests.length).to.be.greaterThan(3);
    for (const { path, authorization } of gateway.requests) {
      expect(path).to.equal(`/v3/${KEY}`);
      expect(authorization).to.equal(`Basic ${btoa(`${USER}:${PASSWORD}`)}`);
    }
  });

  it("shows no secret when nothing answers", async () => {
    const { secretAddress, host } = gateway;
    gateway.stop();
    refused(await status(secretAddress), new RegExp(`endpoint answers at ${host}: .*ECONNREFUSED`));
  });

  it("shows no secret when the address is mistyped", async () => {
    refused(await status(`htp://${USER}:${PASSWORD}@host/v3/${KEY}`), /is not an address of a JSON-RPC endpoint/);
    refused(await status(`${USER}:${PASSWORD}@host/v3/${KEY}`), /is not an address of a JSON-RPC endpoint/);
  });

  it("shows no secret when it is another chain's", async () => {
    const wrong = ["--rpc", gateway.secretAddress, "--contract", contract, "--chain-id", "1"];
    refused(await colearn(["status", ...wrong]), new RegExp(`${gateway.host} is chain 31337, not chain 1`));
  });

  for (const [what, answer, reason] of [
    ["refuses", 403, /403 Forbidden/],
    ["breaks down", 500, /500 Internal Server Error/],
    ["sends elsewhere", "redirect", /307 Temporary Redirect/],
    ["does not speak JSON", "text", /not valid JSON/],
  ] as const) {
    it(`shows no secret when it ${what} at first`, async () => {
      gateway.answer = () => answer;
      refused(await status(gateway.secretAddress), reason);
      expect(gateway.requests).to.have.length(1);
    });

    // The questions that commands ask: for the code, for a state, for a balance, and the sending of a transaction.
    for (const method of ["eth_getCode", "eth_call", "eth_getBalance", "eth_estimateGas"]) {
      it(`shows no secret when it ${what} at ${method}`, async () => {
        gateway.answer = (asked) => (asked === method ? answer : "forward");
        const target = ["--rpc", gateway.secretAddress, "--contract", contract, "--dev-account", "0"];
        refused(await colearn(["start", "1", ...target]), reason);
      });
    }

    it(`shows no secret when it ${what} at the contract's deployment`, async () => {
      gateway.answer = (asked) =>
        asked === "eth_getBlockByNumber" || asked === "eth_estimateGas" ? answer : "forward";
      refused(await colearn(["deploy", "--rpc", gateway.secretAddress, "--dev-account", "0"]), reason);
    });
  }

  it("shows no secret, and no stack, when it answers with an error that nobody foresaw", async () => {
    gateway.answer = (asked) => (asked === "eth_getBalance" ? "error" : "forward");
    const target = ["--rpc", gateway.secretAddress, "--contract", contract, "--dev-account", "0"];
    const { code, stdout, stderr } = await colearn(["start", "1", ...target]);
    expect({ code, stdout, stderr }).to.deep.equal({
      code: 1,
      stdout: "",
      stderr: "error: could not coalesce error (UNKNOWN_ERROR)\n",
    });
  });

  it("is given up in time when it says nothing at first", async () => {
    gateway.answer = () => "silence";
    const error: unknown = await connect({ rpc: gateway.secretAddress, timeoutMilliseconds: 100 }).catch(
      (reason: unknown) => reason,
    );
    expect(error).to.be.instanceOf(UserError).and.include({ code: "rpc" });
    expect(String(error)).to.include("no answer in time").and.not.include(PASSWORD);
  });

  it("is given up in time when it says nothing later, and leaves no connection open", async () => {
    const request = endpointRequest(gateway.secretAddress);
    request.timeout = 100;
    const provider = new Endpoint(request, 31337, { staticNetwork: true });
    gateway.answer = () => "silence";
    const error: unknown = await provider.getCode(ADDRESS).catch((reason: unknown) => reason);
    provider.destroy();
    expect(error).to.be.instanceOf(UserError).and.include({ code: "rpc", name: "UserError" });
    expect(String(error)).to.include(gateway.host).and.include("no answer in time").and.not.include(KEY);
    await until("the gateway sees its connection closed", async () => (await gateway.connections()) === 0);
  });
});
