import { expect } from "chai";
import type { Filter } from "ethers";

import type { Provider } from "../../../src/ledger/connect.ts";
import { queryLogs } from "../../../src/ledger/logs.ts";

interface Endpoint {
  readonly provider: Provider;
  /** Each range that was asked for. */
  readonly asked: [number, number][];
  readonly answered: [number, number][];
}

/** An endpoint with one log a block that answers ranges of at most `limit` blocks, and fails where `fails` says so. */
function endpoint(latest: number, limit: number, fails: (request: number) => boolean = () => false): Endpoint {
  const asked: [number, number][] = [];
  const answered: [number, number][] = [];
  const provider = {
    getBlockNumber: async () => latest,
    getLogs: async ({ fromBlock, toBlock }: Filter) => {
      const [from, to] = [Number(fromBlock), Number(toBlock)];
      asked.push([from, to]);
      if (to - from + 1 > limit) throw new Error("query exceeds max block range");
      if (fails(asked.length)) throw new Error("too many requests");
      answered.push([from, to]);
      return [{ blockNumber: from }, { blockNumber: to }].slice(0, Math.min(2, to - from + 1));
    },
  };
  return { provider: provider as unknown as Provider, asked, answered };
}

const query = { address: "0x", topics: [], fromBlock: 3 };
const hasty = { pause: async () => undefined };

describe("queryLogs", () => {
  for (const limit of [1, 7, 2_000, 1_000_000]) {
    it(`asks for every block once from an endpoint that answers ${limit} blocks at a time`, async () => {
      const { provider, answered } = endpoint(120, limit);
      const logs = await queryLogs(provider, query, hasty);
      let next = 3;
      for (const [from, to] of answered) {
        expect(from).to.equal(next);
        expect(to - from).to.be.lessThan(limit);
        next = to + 1;
      }
      expect(next).to.equal(121);
      expect(logs.at(0)?.blockNumber).to.equal(3);
      expect(logs.at(-1)?.blockNumber).to.equal(120);
    });
  }

  it("asks for long ranges again after an endpoint was in trouble for a moment", async () => {
    const { provider, asked } = endpoint(1_000_000, 50_000, (request) => request <= 14);
    await queryLogs(provider, query, hasty);
    expect(asked.length).to.be.lessThan(60);
    expect(Math.max(...asked.slice(14).map(([from, to]) => to - from + 1))).to.equal(50_000);
  });

  it("asks for no more than twice as often as the endpoint's limit makes necessary", async () => {
    const { provider, asked } = endpoint(100_000, 2_000);
    await queryLogs(provider, query, hasty);
    expect(asked.length).to.be.lessThan(140);
  });

  it("gives up with the error of an endpoint that answers nothing, after few requests", async () => {
    const { provider, asked } = endpoint(1_000_000, 0);
    const error: unknown = await queryLogs(provider, query, hasty).catch((reason: unknown) => reason);
    expect(String(error)).to.match(/max block range/);
    expect(asked.length).to.be.lessThan(25);
    expect(asked.slice(-4)).to.deep.equal(Array.from({ length: 4 }, () => [3, 3]));
  });

  it("pauses longer and longer between failures, but not after one alone", async () => {
    const pauses: number[] = [];
    const pause = async (milliseconds: number) => {
      pauses.push(milliseconds);
    };
    await queryLogs(endpoint(60_000, 30_000).provider, query, { pause });
    expect(pauses).to.deep.equal([]);
    await queryLogs(endpoint(1_000_000, 0).provider, query, { pause }).catch(() => undefined);
    expect(pauses.slice(0, 7)).to.deep.equal([50, 100, 200, 400, 800, 1_600, 2_000]);
    expect(pauses.length).to.be.within(15, 20);
    expect(Math.max(...pauses)).to.equal(2_000);
  });

  it("ends with the signal's reason when it is aborted in a pause", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const { provider, asked } = endpoint(1_000_000, 0);
    const { signal } = controller;
    const pause = async (_: number, given?: AbortSignal) => {
      expect(given).to.equal(signal);
      controller.abort(reason);
    };
    const error: unknown = await queryLogs(provider, query, { signal, pause }).catch((thrown: unknown) => thrown);
    expect(error).to.equal(reason);
    expect(asked).to.have.length(2);
  });

  it("wakes from a pause when it is aborted", async () => {
    const controller = new AbortController();
    const { provider, asked } = endpoint(1_000_000, 0);
    const getLogs = provider.getLogs.bind(provider);
    provider.getLogs = (filter) => {
      if (asked.length === 5) controller.abort(new Error("enough"));
      return getLogs(filter);
    };
    const error: unknown = await queryLogs(provider, query, { signal: controller.signal }).catch(
      (thrown: unknown) => thrown,
    );
    expect(String(error)).to.equal("Error: enough");
    expect(asked).to.have.length(6);
  });
});
