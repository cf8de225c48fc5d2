/** Random experiments whose scores are written down beforehand, so that two drivers can be given the same ones. */
import type { Metric } from "../../src/learning/interface.ts";
import { randomFrom, type Random } from "../../src/learning/random.ts";

export interface ScriptedExperiment {
  readonly rounds: number;
  readonly direction: Metric["direction"];
  /** The share of the voters that must approve, as colearn has it: reached is enough. */
  readonly threshold: number;
  /** For each learner, the score of the weights that each round makes; the initial weights' at 0. */
  readonly scores: readonly (readonly number[])[];
}

/** Half of the experiments ask for colearn's default. All are whole basis points. */
const THRESHOLDS = [0.5, 0.5, 0.5, 0.5, 0.25, 0.6, 0.75, 1];
const FEWEST_LEARNERS = 2;
const MOST_LEARNERS = 7;
/** Few different scores make ties, and a rise of one a round makes later weights better, but not all of them. */
const DIFFERENT_SCORES = 5;

export function drawExperiments(count: number, seed: number): ScriptedExperiment[] {
  return Array.from({ length: count }, (_, number) => draw(randomFrom("oracle", seed, number)));
}

function draw(random: Random): ScriptedExperiment {
  const learners = FEWEST_LEARNERS + random.below(MOST_LEARNERS - FEWEST_LEARNERS + 1);
  const rounds = 3 + random.below(13);
  const direction = random.below(2) === 0 ? "maximise" : "minimise";
  const threshold = THRESHOLDS[random.below(THRESHOLDS.length)] ?? 0.5;
  const sign = direction === "maximise" ? 1 : -1;
  const scores = Array.from({ length: learners }, () =>
    // Eighths have no rounding in either language.
    Array.from({ length: rounds + 1 }, (_, round) => (sign * (round + random.below(DIFFERENT_SCORES))) / 8),
  );
  return { rounds, direction, threshold, scores };
}

/** What our rule, which asks for more than a share, calls a share that is to be reached. */
export function approvalBpsOf(threshold: number): number {
  return Math.round(threshold * 10_000) - 1;
}
