/** What a relay spends at most, whoever asks it: pure, as it is told the time. */

/** Calls that a relay pays for a learner in a round: one that does its duties needs three at most. */
export const CALLS_PER_ROUND = 6;
/** Gas for the calls of all that have no place among the learners: they join, or they do nothing. */
export const STRANGERS_GAS = 6_000_000n;
/** Gas for the learners' calls, some for the round and some for each: a sealed vote takes two, of 0.1 million each. */
const ROUND_GAS = 2_000_000n;
const LEARNER_GAS = 400_000n;

/** Gas that a relay spends at most in a period on the calls of an experiment's learners. */
export function learnersGas(learnerCount: number): bigint {
  return ROUND_GAS + LEARNER_GAS * BigInt(learnerCount);
}

/** The period that a limit holds for: a round, or an hour while there is none. */
export function periodOf(status: string, round: number, milliseconds: number): string {
  return status === "running" ? `round ${round}` : hourOf(milliseconds);
}

export function hourOf(milliseconds: number): string {
  return `hour ${Math.floor(milliseconds / 3_600_000)}`;
}

/** Counts what is used up in a period, by a name: so much each, and as much again in the next period. */
export class Allowance {
  readonly #used = new Map<string, bigint>();
  #period = "";

  /** Takes some of what is left of the limit, unless that is less. */
  take(period: string, name: string, limit: bigint, amount: bigint): boolean {
    if (period !== this.#period) {
      this.#used.clear();
      this.#period = period;
    }
    const used = (this.#used.get(name) ?? 0n) + amount;
    if (used > limit) return false;
    this.#used.set(name, used);
    return true;
  }

  /** Puts back what was not needed; too late, where the period is over. */
  giveBack(period: string, name: string, amount: bigint): void {
    if (period !== this.#period) return;
    const used = (this.#used.get(name) ?? 0n) - amount;
    if (used > 0n) this.#used.set(name, used);
    else this.#used.delete(name);
  }
}
