import { expect } from "chai";

import { startChain, type LocalChain } from "../../src/demo/chain.ts";
import { UserError } from "../../src/errors.ts";
import { connect, type Provider } from "../../src/ledger/connect.ts";
import { deployContract } from "../../src/ledger/deploy.ts";
import { devAccount } from "../../src/ledger/dev-accounts.ts";
import { endpointRequest } from "../../src/ledger/endpoint.ts";
import { Failover, type EndpointLog } from "../../src/ledger/failover.ts";
import { Ledger } from "../../src/ledger/ledger.ts";
import { Outbox } from "../../src/ledger/outbox.ts";
import { agreeOnChain, upstreamsOf } from "../../src/ledger/upstream.ts";
import { colearn, until } from "./support/colearn.ts";
import { UnreliableEndpoint, type Fault } from "./support/unreliable-endpoint.ts";

const SECRETS = ["operator", "hunter2", "0123456789abcdef", "v3"];

const payment = { to: devAccount(1).address, data: "0x" };

describe("several endpoints of JSON-RPC", function () {
  this.timeout(60_000);
  let chain: LocalChain;
  let direct: Provider;
  let first: UnreliableEndpoint;
  let second: UnreliableEndpoint;
  let provider: Provider | undefined;
  let logged: string[];

  const log: EndpointLog = {
    info: (fields, message) => void logged.push(`${message} ${JSON.stringify(fields)}`),
    warn: (fields, message) => void logged.push(`${message} ${JSON.stringify(fields)}`),
  };

  before(async () => {
    chain = await startChain({ accounts: 3 });
    direct = await connect({ rpc: chain.rpc });
  });

  beforeEach(async () => {
    logged = [];
    first = await UnreliableEndpoint.start(chain.rpc);
    second = await UnreliableEndpoint.start(chain.rpc);
  });

  afterEach(async () => {
    provider?.destroy();
    provider = undefined;
    await first[Symbol.asyncDispose]();
    await second[Symbol.asyncDispose]();
    for (const line of logged) for (const secret of SECRETS) expect(line).not.to.include(secret);
  });

  after(async () => {
    direct.destroy();
    await chain.stop();
  });

  const open = async () => (provider = await connect({ rpc: [first.address, second.address], log }));
  const mine = () => direct.send("evm_mine", []);
  const failure = async (work: Promise<unknown>): Promise<UserError> => {
    const error: unknown = await work.catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(UserError);
    for (const secret of SECRETS) expect(String(error)).not.to.include(secret);
    return error as UserError;
  };

  it("answers as one, and keeps to the one in use while it does well", async () => {
    const both = await open();
    for (let times = 0; times < 10; times++)
      expect(await both.getBlockNumber()).to.equal(await direct.getBlockNumber());
    expect(await both.getBalance(payment.to)).to.equal(await direct.getBalance(payment.to));
    expect(second.asked).not.to.include("eth_getBalance");
  });

  const faults: [string, Fault][] = [
    ["drops connections", "drop"],
    ["breaks down", 500],
    ["says that there are too many requests", 429],
    ["says nothing", "silence"],
    ["is slow", { delayMilliseconds: 4_000 }],
    ["refuses what it is asked", "refuse"],
  ];
  for (const [what, fault] of faults) {
    it(`stands in for one that ${what}, in a moment, and tells so`, async () => {
      const both = await open();
      await both.getBlockNumber();
      first.fault = fault;
      for (let times = 0; times < 3; times++) {
        expect(await both.getBalance(payment.to)).to.equal(await direct.getBalance(payment.to));
      }
      expect(second.asked.filter((method) => method === "eth_getBalance")).to.have.length(3);
      expect(logged.join("\n")).to.include(`now asking another endpoint {"endpoint":"${second.host}"`);
    });
  }

  it("passes on a contract's refusal without asking another", async () => {
    const ledger = new Ledger(await open(), (await deployContract(devAccount(0).connect(direct))).address);
    const error: unknown = await ledger.experiment(7n).catch((reason: unknown) => reason);
    expect(error).to.include({ code: "reverted", revert: "UnknownExperiment" });
    expect([...first.asked, ...second.asked].filter((method) => method === "eth_call")).to.have.length(1);
  });

  it("tells of each endpoint why none answers", async () => {
    const both = await open();
    first.fault = 500;
    second.fault = "drop";
    const { code, message } = await failure(both.getBlockNumber());
    expect(code).to.equal("rpc");
    expect(message).to.match(
      /none of the 2 JSON-RPC endpoints answers: .*500 Internal Server Error.*; .*request failed/,
    );
    first.fault = "none";
    expect(await both.getBlockNumber()).to.equal(await direct.getBlockNumber());
  });

  it("starts without one that does not answer yet, and uses it later", async () => {
    first.fault = 500;
    const both = await open();
    expect(logged[0]).to.match(/this endpoint does not answer yet .*500/);
    await both.getBlockNumber();
    first.fault = "none";
    second.fault = "drop";
    expect(await both.getBlockNumber()).to.equal(await direct.getBlockNumber());
  });

  it("never answers with less than was seen before: it waits for an endpoint that is behind", async () => {
    await mine();
    const both = await open();
    second.frozenAt = await both.getBlockNumber();
    await mine();
    const seen = await both.getBlockNumber();
    expect(seen).to.equal(second.frozenAt + 1);
    first.fault = "drop";
    const later = both.getBlockNumber();
    await until("the one that is behind was asked more than once", () => second.requests > 4);
    second.frozenAt = undefined;
    expect(await later).to.equal(seen);
  });

  it("sees a transaction that was mined, whichever endpoint answers", async () => {
    const both = await open();
    const outbox = new Outbox(both, devAccount(2).connect(both), devAccount(2).address, {});
    // The first takes it, and does not see for a while that it is mined.
    first.frozenAt = await direct.getBlockNumber();
    const sent = outbox.send(payment);
    await until("it is mined", async () => (await direct.getBlockNumber()) > (first.frozenAt ?? 0));
    first.frozenAt = undefined;
    const { hash, blockNumber } = await sent;
    first.fault = "drop";
    expect((await both.getTransactionReceipt(hash))?.blockNumber).to.equal(blockNumber);
  });

  it("goes back with an endpoint that sees a reorganisation", async () => {
    const snapshot = (await direct.send("evm_snapshot", [])) as string;
    for (let blocks = 0; blocks < 3; blocks++) await mine();
    const both = await open();
    const seen = await both.getBlockNumber();
    await direct.send("evm_revert", [snapshot]);
    await both.getBalance(payment.to);
    expect(await both.getBlockNumber()).to.equal(seen - 3);
    expect(logged.join("\n")).to.match(new RegExp(`reorganised.*"from":${seen},"to":${seen - 3}`));
  });

  it("goes on with less when no endpoint has more any more", async () => {
    await mine();
    const upstreams = upstreamsOf([first.address, second.address]);
    const { chain: identity } = await agreeOnChain(upstreams, undefined, 5_000);
    const both = new Failover(endpointRequest(first.address), upstreams, identity, { log, giveUpMilliseconds: 200 });
    provider = both;
    second.frozenAt = (await direct.getBlockNumber()) - 1;
    const seen = await both.getBlockNumber();
    first.fault = "drop";
    expect(await both.getBlockNumber()).to.equal(seen - 1);
    expect(logged.join("\n")).to.include("goes back to an earlier block");
  });

  it("sends transactions to every endpoint", async () => {
    const both = await open();
    const outbox = new Outbox(both, devAccount(2).connect(both), devAccount(2).address, {});
    await outbox.send(payment);
    for (const { asked } of [first, second]) expect(asked).to.include("eth_sendRawTransaction");
  });

  it("sends a transaction once, though the endpoints take it and do not say so", async () => {
    const both = await open();
    const before = await direct.getTransactionCount(devAccount(2).address);
    const outbox = new Outbox(both, devAccount(2).connect(both), devAccount(2).address, { patienceMilliseconds: 500 });
    first.fault = second.fault = "swallow";
    const { status } = await outbox.send(payment);
    expect(status).to.equal(1);
    expect(await direct.getTransactionCount(devAccount(2).address)).to.equal(before + 1);
  });

  describe("of different chains", () => {
    let other: LocalChain;

    before(async () => {
      // The same chain id, with more funds in its first block.
      other = await startChain({ accounts: 7, startsAt: new Date("2020-01-01") });
    });

    after(() => other.stop());

    it("are refused at the start", async () => {
      second.chain = other.rpc;
      const { code, message } = await failure(open());
      expect(code).to.equal("wrong-chain");
      expect(message).to.equal(
        `${first.host} and ${second.host} are both chain 31337, but with different first blocks`,
      );
    });

    it("are refused at the start by the command line, in one line", async () => {
      second.chain = other.rpc;
      const contract = `0x${"1".repeat(40)}`;
      for (const rpc of [[`${first.address},${second.address}`], [first.address, "--rpc", second.address]]) {
        const { code, stderr } = await colearn(["status", "--contract", contract, "--rpc", ...rpc]);
        expect(stderr).to.match(/^error: .*with different first blocks \(give endpoints of one chain with --rpc\)\n$/);
        for (const secret of SECRETS) expect(stderr).not.to.include(secret);
        expect(code).to.equal(2);
      }
    });

    it("are not used when they turn out so later, and the log tells once", async () => {
      first.fault = 500;
      const both = await open();
      first.chain = other.rpc;
      first.fault = "none";
      second.fault = "drop";
      await failure(both.getBlockNumber());
      second.fault = "none";
      const { requests } = first;
      expect(await both.getBlockNumber()).to.equal(await direct.getBlockNumber());
      expect(first.requests).to.equal(requests);
      const told = logged.filter((line) => line.includes("another chain's"));
      expect(told).to.have.length(1);
      expect(told[0]).to.include(first.host);
    });

    it("end the work when no endpoint is left", async () => {
      const both = await open();
      first.fault = second.fault = "drop";
      await failure(both.getBlockNumber());
      first.chain = second.chain = other.rpc;
      first.fault = second.fault = "none";
      await failure(both.getBlockNumber());
      const { code, message } = await failure(both.getBlockNumber());
      expect(code).to.equal("wrong-chain");
      expect(message).to.equal("no endpoint is of chain 31337 any more");
    });
  });
});
