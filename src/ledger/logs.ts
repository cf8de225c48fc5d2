import { setTimeout as sleep } from "node:timers/promises";

import { toBeHex, type Interface, type Log } from "ethers";

import type { Provider } from "./connect.ts";

/** Endpoints limit the range of one query, each differently: the range starts here and halves as often as it must. */
const FIRST_RANGE = 50_000;
/** A single block cannot be halved: what fails this often in a row there fails for another reason. */
const MAX_FAILURES_AT_ONE_BLOCK = 4;
/** From the second failure in a row on there are pauses, which double up to the longest: some 25 s until it is given up. */
const FIRST_PAUSE_MILLISECONDS = 50;
const LONGEST_PAUSE_MILLISECONDS = 2_000;

export interface LogQuery {
  readonly address: string;
  readonly topics: readonly (string | readonly string[])[];
  readonly fromBlock: number;
}

/** The topics of an experiment's events of these names. */
export function topicsOf(contract: Interface, names: readonly string[], experiment: bigint): LogQuery["topics"] {
  return [names.map((name) => contract.getEvent(name)?.topicHash ?? ""), toBeHex(experiment, 32)];
}

export interface LogQueryOptions {
  readonly signal?: AbortSignal | undefined;
  /** Waits between failures; ends early when the signal is aborted. */
  readonly pause?: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
}

/**
 * All logs that match, oldest first, in as many queries as the endpoint's limits make necessary. A failure may mean a
 * range too long or an endpoint in trouble, and endpoints do not tell which: the range is halved, with pauses, and doubled
 * again after each success.
 * @throws what the endpoint answers when it does so for a single block again and again; the signal's reason when aborted
 */
export async function queryLogs(
  provider: Provider,
  { address, topics, fromBlock }: LogQuery,
  { signal, pause = sleepUnlessAborted }: LogQueryOptions = {},
): Promise<Log[]> {
  signal?.throwIfAborted();
  const latest = await provider.getBlockNumber();
  const logs: Log[] = [];
  let range = FIRST_RANGE;
  let failures = 0;
  let failuresAtOneBlock = 0;
  for (let from = fromBlock; from <= latest;) {
    signal?.throwIfAborted();
    const to = Math.min(from + range - 1, latest);
    try {
      const mutableTopics = topics.map((topic) => (typeof topic === "string" ? topic : [...topic]));
      logs.push(...(await provider.getLogs({ address, topics: mutableTopics, fromBlock: from, toBlock: to })));
      from = to + 1;
      range = Math.min(2 * range, FIRST_RANGE);
      failures = 0;
      failuresAtOneBlock = 0;
    } catch (error) {
      if (from === to && ++failuresAtOneBlock >= MAX_FAILURES_AT_ONE_BLOCK) throw error;
      // Half of what was asked for, which near the latest block is less than the range.
      range = Math.max(1, Math.floor((to - from + 1) / 2));
      // One failure alone is what a range that has grown too long costs.
      if (++failures === 1) continue;
      await pause(Math.min(FIRST_PAUSE_MILLISECONDS * 2 ** (failures - 2), LONGEST_PAUSE_MILLISECONDS), signal);
    }
  }
  return logs;
}

async function sleepUnlessAborted(milliseconds: number, signal?: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
}
