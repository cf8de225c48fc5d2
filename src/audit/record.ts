/** An experiment as a contract tells it: what it logged, and what is in its storage. */
import { ColearnError } from "../errors.ts";
import { Ledger } from "../ledger/ledger.ts";
import type { Experiment, Learner, Round, Snapshot } from "../ledger/types.ts";
import { inPortions, readHistory, type History } from "./history.ts";

export interface StoredExperiment extends Experiment {
  readonly snapshot: Snapshot;
  /** All who ever joined, by index. */
  readonly learners: readonly string[];
  /** What is known of each of them. */
  readonly standings: readonly Learner[];
  /** Round 1 first; an open round may be the last. */
  readonly rounds: readonly Round[];
}

export interface ExperimentRecord {
  readonly chainId: bigint;
  readonly experiment: bigint;
  /** The last block that it tells of. */
  readonly block: number;
  readonly history: History;
  readonly stored: StoredExperiment;
  /** Left out where it was not asked. */
  readonly keys?: Keys | undefined;
}

/** Accounts without code, which can sign with their keys only, and how many nonces each has used on the contract. */
export type Keys = ReadonlyMap<string, bigint>;

/** A reorganisation while it is read makes it be read again, so often. */
const ATTEMPTS = 3;

/**
 * Reads all that there is of an experiment, as of one block.
 * @throws ColearnError `history` where the endpoint does not give all of it
 */
export async function readRecord(ledger: Ledger, experiment: bigint): Promise<ExperimentRecord> {
  const { provider } = ledger;
  const { chainId } = await provider.getNetwork();
  for (let attempt = 1; ; attempt++) {
    const block = await provider.getBlock("latest");
    if (block === null) throw new ColearnError("history", "the endpoint does not give its latest block");
    const then = new Ledger(provider, ledger.address, block.number);
    const stored = await readStorage(then, experiment);
    const history = await readHistory(then, experiment, { from: stored.createdBlock, to: block.number });
    const again = await provider.getBlock(block.number);
    if (again?.hash === block.hash) return { chainId, experiment, block: block.number, history, stored };
    if (attempt === ATTEMPTS) {
      throw new ColearnError("history", `block ${block.number} was reorganised while the experiment was read`, {
        remedy: "try again",
      });
    }
  }
}

/** Which of coordinator and learners have no code. A delegation to code (EIP-7702) is code. */
export async function readKeys(ledger: Ledger, { stored }: ExperimentRecord): Promise<Keys> {
  const accounts = [...new Set([stored.coordinator, ...stored.learners])];
  const codes = await inPortions(accounts, (account) => ledger.provider.getCode(account));
  const keys = accounts.filter((_, at) => codes[at] === "0x");
  return new Map(await inPortions(keys, async (key) => [key, await ledger.nonce(key)] as const));
}

async function readStorage(ledger: Ledger, experiment: bigint): Promise<StoredExperiment> {
  const { coordinator, createdBlock, config } = await ledger.experiment(experiment);
  const [snapshot, learners] = await Promise.all([ledger.snapshot(experiment), ledger.learners(experiment)]);
  const numbers = Array.from({ length: snapshot.round }, (_, at) => at + 1);
  const rounds = await inPortions(numbers, (round) => ledger.round(experiment, round));
  const standings = await inPortions(learners, (learner) => ledger.learner(experiment, learner));
  return { coordinator, createdBlock, config, snapshot, learners, standings, rounds };
}
