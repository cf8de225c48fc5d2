/**
 * Which of an experiment's weights are the best, and when it stops early: pure functions of what the ledger says, so that
 * all come to the same.
 *
 * A round's score is one that more than half of those who voted gave or surpassed: the median, and of two in the middle
 * the worse. Scores are claims. A mean would let a single voter, by one absurd score, make any round the best or end the
 * experiment; here that takes a majority of the votes.
 */
import type { CastVote, Round } from "../ledger/types.ts";
import type { Metric } from "../weights/metric.ts";
import type { Stop } from "../weights/manifest.ts";

type Direction = Metric["direction"];

/** A round that has ended. */
export interface SettledRound {
  readonly outcome: Round["outcome"];
  /** Undefined where nobody gave one, or half of the voters gave none. */
  readonly score: number | undefined;
}

export interface Stopped {
  /** The last round that counts. */
  readonly round: number;
  readonly reason: "target" | "patience";
}

/** A round of which it is known what its voters gave. */
export function settle(
  outcome: Round["outcome"],
  votes: readonly Pick<CastVote, "score">[],
  direction: Direction,
): SettledRound {
  return {
    outcome,
    score: agreedScore(
      votes.map(({ score }) => score),
      direction,
    ),
  };
}

/** The best score that more than half of the voters gave or surpassed; what is not a number is the worst. */
export function agreedScore(scores: readonly number[], direction: Direction): number | undefined {
  const rank = (score: number) => (Number.isNaN(score) ? -Infinity : direction === "maximise" ? score : -score);
  const ranked = scores.toSorted((a, b) => (rank(a) === rank(b) ? 0 : rank(b) - rank(a)));
  const score = ranked[Math.floor(scores.length / 2)];
  return score === undefined || Number.isNaN(score) ? undefined : score;
}

/**
 * The accepted round with the best score, the later one of equals; undefined where no accepted round has one.
 * @param rounds round 1 first
 */
export function bestRound(rounds: readonly SettledRound[], direction: Direction): number | undefined {
  let best: { round: number; score: number } | undefined;
  for (const [at, { outcome, score }] of rounds.entries()) {
    if (outcome !== "accepted" || score === undefined) continue;
    if (best === undefined || isAtLeast(score, best.score, direction)) best = { round: at + 1, score };
  }
  return best?.round;
}

/**
 * After which round the experiment stops; undefined while it goes on. More rounds never change an earlier stop.
 * @param rounds those that have ended, round 1 first
 */
export function stopRound(
  stop: Stop,
  direction: Direction,
  rounds: readonly Pick<SettledRound, "outcome" | "score">[],
): Stopped | undefined {
  let inVain = 0;
  for (const [at, { outcome, score }] of rounds.entries()) {
    const round = at + 1;
    inVain = outcome === "accepted" ? 0 : inVain + 1;
    const reached = stop.score !== undefined && score !== undefined && isAtLeast(score, stop.score, direction);
    if (outcome === "accepted" && reached) return { round, reason: "target" };
    if (stop.patience !== undefined && inVain >= stop.patience) return { round, reason: "patience" };
  }
  return undefined;
}

function isAtLeast(score: number, other: number, direction: Direction): boolean {
  return direction === "maximise" ? score >= other : score <= other;
}

/** In words, for people. */
export function describeStop({ round, reason }: Stopped): string {
  return `stopped after round ${round}: ${reason === "target" ? "target reached" : "no better weights any more"}`;
}
