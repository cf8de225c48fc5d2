import { expect } from "chai";

import { blockIn, isVerdict, tellingRefusal } from "../../../src/ledger/answers.ts";
import { firstOf } from "../../../src/ledger/first-of.ts";
import { answered, failed, ranking, UNTRIED, type Health } from "../../../src/ledger/health.ts";
import { confirmationsOn, LOCAL_CHAIN_ID } from "../../../src/ledger/networks.ts";
import { upstreamsOf } from "../../../src/ledger/upstream.ts";

const NOW = 1_000_000;
const health = (changes: Partial<Health>): Health => ({ ...UNTRIED, latency: 100, ...changes });
const refusal = (message: string, more: object = {}) => ({ id: 1, error: { code: -32_000, message, ...more } });
const asked = (method: string) => ({ jsonrpc: "2.0" as const, id: 1, method, params: [] });

describe("the order in which endpoints are asked", () => {
  it("is that of the list where nothing is known", () => {
    expect(ranking([UNTRIED, UNTRIED, UNTRIED], -1, NOW)).to.deep.equal([0, 1, 2]);
  });

  it("puts the faster, the more reliable, the one with more blocks first", () => {
    expect(ranking([health({ latency: 300 }), health({})], -1, NOW)).to.deep.equal([1, 0]);
    expect(ranking([health({ failureRate: 0.2 }), health({})], -1, NOW)).to.deep.equal([1, 0]);
    expect(ranking([health({ behind: 2 }), health({})], -1, NOW)).to.deep.equal([1, 0]);
  });

  it("keeps the one in use until another is clearly better", () => {
    expect(ranking([health({ latency: 40 }), health({ latency: 400 })], 1, NOW)).to.deep.equal([1, 0]);
    expect(ranking([health({ latency: 40 }), health({ latency: 700 })], 1, NOW)).to.deep.equal([0, 1]);
  });

  it("puts those that rest last, the one that may be asked first before the others", () => {
    const resting = (seconds: number) => health({ restsUntil: NOW + seconds * 1_000 });
    expect(ranking([resting(9), resting(3), health({ latency: 5_000 })], 0, NOW)).to.deep.equal([2, 1, 0]);
    expect(ranking([resting(-1), health({})], 0, NOW)).to.deep.equal([0, 1]);
  });
});

describe("the health of an endpoint", () => {
  it("has it rest twice as long after each failure in a row, up to a minute", () => {
    let ill = health({});
    const rests = Array.from({ length: 8 }, () => {
      ill = failed(ill, NOW);
      return (ill.restsUntil - NOW) / 1_000;
    });
    expect(rests).to.deep.equal([1, 2, 4, 8, 16, 32, 60, 60]);
  });

  it("is restored by answers, and forgets slowly that it failed", () => {
    const well = answered(failed(health({}), NOW), 200);
    expect(well).to.include({ restsUntil: 0, failuresInARow: 0 });
    expect(well.failureRate).to.be.within(0.1, 0.3);
    expect(well.latency).to.be.within(100, 200);
  });
});

describe("an error in an endpoint's answer", () => {
  it("is about the question where the contract, or the account, is the reason", () => {
    for (const message of ["execution reverted", "insufficient funds for gas", "nonce too low"]) {
      expect(isVerdict(refusal(message)), message).to.equal(true);
    }
    expect(isVerdict(refusal("something", { data: "0x12345678" }))).to.equal(true);
    expect(isVerdict(refusal("something", { data: { data: "0x" } }))).to.equal(true);
    expect(isVerdict(refusal("something", { code: 3 }))).to.equal(true);
  });

  it("may be the endpoint's own where it is a limit, or something that it does not have", () => {
    for (const message of [
      "limit exceeded",
      "query returned more than 10000 results",
      "missing trie node",
      "header not found",
    ]) {
      expect(isVerdict(refusal(message)), message).to.equal(false);
    }
    expect(isVerdict(refusal("daily request count", { data: { see: "https://rpc.example/" } }))).to.equal(false);
  });

  it("counts for a transaction as the endpoint's that knows most", () => {
    const poor = refusal("insufficient funds");
    const used = refusal("nonce too low");
    const known = refusal("already known");
    expect(tellingRefusal([poor, used])).to.deep.equal({ refusal: used, isCertain: true });
    expect(tellingRefusal([used, known])).to.deep.equal({ refusal: known, isCertain: true });
    expect(tellingRefusal([poor])).to.deep.equal({ refusal: poor, isCertain: false });
    expect(tellingRefusal([])).to.equal(undefined);
  });
});

describe("what an answer proves", () => {
  it("is the block of a receipt, of a block, or the block number itself", () => {
    const result = (value: unknown) => ({ id: 1, result: value });
    expect(blockIn(asked("eth_getTransactionReceipt"), result({ blockNumber: "0x10" }))).to.equal(16);
    expect(blockIn(asked("eth_getBlockByNumber"), result({ number: "0x11" }))).to.equal(17);
    expect(blockIn(asked("eth_blockNumber"), result("0x12"))).to.equal(18);
    expect(blockIn(asked("eth_getTransactionReceipt"), result(null))).to.equal(0);
    expect(blockIn(asked("eth_getBalance"), result("0x99"))).to.equal(0);
    expect(blockIn(asked("eth_blockNumber"), refusal("no"))).to.equal(0);
  });
});

describe("several attempts", () => {
  const LONG = 60_000;
  const pending = new Promise<{ name: string } | undefined>(() => undefined);
  const nothing = async () => undefined;

  it("start one after the other, each where the one before came to nothing", async () => {
    const started: string[] = [];
    const attempt = (name: string, result: { name: string } | undefined) => async () => {
      started.push(name);
      return result;
    };
    const attempts = [attempt("a", undefined), attempt("b", { name: "b" }), attempt("c", { name: "c" })];
    expect(await firstOf(attempts, LONG)).to.deep.equal({ name: "b" });
    expect(started).to.deep.equal(["a", "b"]);
  });

  it("do not wait for one that is silent", async () => {
    expect(await firstOf([() => pending, async () => ({ name: "b" })], 1)).to.deep.equal({ name: "b" });
  });

  it("come to nothing when all do", async () => {
    expect(await firstOf([nothing, nothing], LONG)).to.equal(undefined);
    expect(await firstOf([], LONG)).to.equal(undefined);
  });
});

describe("what is shown of several endpoints", () => {
  it("is the host, and the place in the list where the host is not enough", () => {
    const names = (...addresses: string[]) => upstreamsOf(addresses).map(({ name }) => name);
    expect(names("https://a:secret@one.example/key", "https://two.example/key")).to.deep.equal([
      "one.example",
      "two.example",
    ]);
    expect(names("https://one.example/key1", "https://one.example/key2")).to.deep.equal([
      "one.example (no. 1)",
      "one.example (no. 2)",
    ]);
  });
});

describe("how deep a transaction must be", () => {
  it("is its own block on a local chain, and more where blocks are replaced at times", () => {
    expect(confirmationsOn(LOCAL_CHAIN_ID)).to.equal(1);
    for (const chainId of [1, 11_155_111, 84_532, 80_002, 424_242]) {
      expect(confirmationsOn(chainId)).to.be.within(2, 64);
    }
  });
});
