import { ColearnError } from "../errors.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { count, lastSettled, type CastVote, type Snapshot } from "../ledger/types.ts";
import type { Metric } from "../weights/metric.ts";
import { settle, type SettledRound } from "./checkpoints.ts";

/**
 * The rounds of an experiment that have ended, with their scores. Each is read once, when it has ended, and all again when
 * the chain was reorganised.
 */
export class History {
  readonly #ledger: Ledger;
  readonly #experiment: bigint;
  readonly #direction: Metric["direction"];
  #rounds: SettledRound[] = [];
  /** Votes that were read before their round ended, by round and voter. */
  #pending = new Map<string, CastVote>();
  /** The block up to which all is read; gone when the chain has another in its place. */
  #seen: { readonly number: number; readonly hash: string } | undefined;

  constructor(ledger: Ledger, experiment: bigint, direction: Metric["direction"]) {
    this.#ledger = ledger;
    this.#experiment = experiment;
    this.#direction = direction;
  }

  /**
   * The rounds that have ended at a snapshot, round 1 first.
   * @throws ColearnError `votes-missing` where the endpoint has not all votes yet
   */
  async at(snapshot: Snapshot): Promise<readonly SettledRound[]> {
    const settled = lastSettled(snapshot);
    if (settled < this.#rounds.length || !(await this.#isOnChain())) this.#forget();
    if (settled === this.#rounds.length) return this.#rounds;
    // Where the block is not known yet, the next look begins anew.
    const block = await this.#ledger.provider.getBlock(snapshot.blockNumber);
    const from = this.#seen === undefined ? undefined : this.#seen.number + 1;
    const votes = await this.#ledger.votes(this.#experiment, from);
    for (const vote of votes) this.#pending.set(`${vote.round} ${vote.voter}`, vote);
    const fresh: SettledRound[] = [];
    for (let round = this.#rounds.length + 1; round <= settled; round++) {
      const { outcome, approvals, rejections } = await this.#ledger.round(this.#experiment, round);
      if (outcome === "open") throw this.#inconsistent(`round ${round} has ended, and has not`);
      const cast = [...this.#pending.values()].filter((vote) => vote.round === round);
      // An endpoint that lags may not have all logs yet: a score of some votes would be another than everybody else's.
      const counted = count(approvals | rejections);
      if (cast.length !== counted) {
        throw this.#inconsistent(`the endpoint tells ${cast.length} of ${counted} votes of round ${round}`);
      }
      fresh.push(settle(outcome, cast, this.#direction));
    }
    // A reorganisation meanwhile: some of this may be of another chain.
    if ((await this.#ledger.provider.getBlock(snapshot.blockNumber))?.hash !== block?.hash) {
      throw this.#inconsistent(`block ${snapshot.blockNumber} was replaced`);
    }
    for (const [key, { round }] of this.#pending) {
      if (round <= settled) this.#pending.delete(key);
    }
    this.#rounds = [...this.#rounds, ...fresh];
    this.#seen = block?.hash == null ? undefined : { number: snapshot.blockNumber, hash: block.hash };
    return this.#rounds;
  }

  async #isOnChain(): Promise<boolean> {
    if (this.#seen === undefined) return false;
    const block = await this.#ledger.provider.getBlock(this.#seen.number);
    return block?.hash === this.#seen.hash;
  }

  #inconsistent(what: string): ColearnError {
    this.#forget();
    return new ColearnError("votes-missing", what, {
      remedy: "try again: the endpoint may lag behind, or give another with --rpc",
    });
  }

  #forget(): void {
    this.#rounds = [];
    this.#pending = new Map();
    this.#seen = undefined;
  }
}
