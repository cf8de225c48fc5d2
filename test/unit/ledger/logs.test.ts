import { expect } from "chai";
import type { Filter } from "ethers";

import type { Provider } from "../../../src/ledger/connect.ts";
import { queryLogs } from "../../../src/ledger/logs.ts";

/** An endpoint with one log a block that answers ranges of at most `limit` blocks. */
function endpoint(latest: number, limit: number): { provider: Provider; ranges: [number, number][] } {
  const ranges: [number, number][] = [];
  const provider = {
    getBlockNumber: async () => latest,
    getLogs: async ({ fromBlock, toBlock }: Filter) => {
      const [from, to] = [Number(fromBlock), Number(toBlock)];
      if (to - from + 1 > limit) throw new Error("query exceeds max block range");
      ranges.push([from, to]);
      return Array.from({ length: to - from + 1 }, (_, n) => ({ blockNumber: from + n }));
    },
  };
  return { provider: provider as unknown as Provider, ranges };
}

describe("queryLogs", () => {
  for (const limit of [1, 7, 2_000, 1_000_000]) {
    it(`gets every log once from an endpoint that answers ${limit} blocks at a time`, async () => {
      const { provider, ranges } = endpoint(120, limit);
      const logs = await queryLogs(provider, { address: "0x", topics: [], fromBlock: 3 });
      expect(logs.map(({ blockNumber }) => blockNumber)).to.deep.equal(Array.from({ length: 118 }, (_, n) => n + 3));
      for (const [from, to] of ranges) expect(to - from).to.be.lessThan(limit);
    });
  }

  it("passes on the error of an endpoint that answers nothing", async () => {
    const { provider } = endpoint(120, 0);
    const error = await queryLogs(provider, { address: "0x", topics: [], fromBlock: 0 }).catch(
      (reason: unknown) => reason,
    );
    expect(String(error)).to.match(/max block range/);
  });
});
