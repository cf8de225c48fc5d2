import type { Log } from "ethers";

import type { Provider } from "./connect.ts";

/** Endpoints limit the range of one query, each differently: the range starts here and halves as often as it must. */
const FIRST_RANGE = 50_000;

export interface LogQuery {
  readonly address: string;
  readonly topics: readonly (string | readonly string[])[];
  readonly fromBlock: number;
}

/** All logs that match, oldest first, in as many queries as the endpoint's limits make necessary. */
export async function queryLogs(provider: Provider, { address, topics, fromBlock }: LogQuery): Promise<Log[]> {
  const latest = await provider.getBlockNumber();
  const logs: Log[] = [];
  let range = FIRST_RANGE;
  for (let from = fromBlock; from <= latest;) {
    const to = Math.min(from + range - 1, latest);
    try {
      const mutableTopics = topics.map((topic) => (typeof topic === "string" ? topic : [...topic]));
      logs.push(...(await provider.getLogs({ address, topics: mutableTopics, fromBlock: from, toBlock: to })));
      from = to + 1;
    } catch (error) {
      if (range <= 1) throw error;
      range = Math.floor(range / 2);
    }
  }
  return logs;
}
