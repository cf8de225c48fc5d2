/** What every law is given, and how it tells what it found. */
import type { MachineLearningInterface, Metric, Model } from "../interface.ts";
import { digestOf } from "../scores.ts";

/** The learner to check. */
export interface LawSubject {
  /** Topology and initial weights of an experiment. */
  readonly createModel: () => Promise<Model>;
  /** A new learner each time, on the same data, with the same seed, as a node makes it. */
  readonly createLearner: () => Promise<MachineLearningInterface>;
  readonly metric: Metric;
  /** How many tensors there are now, where the learner computes with tfjs. */
  readonly tensors?: (() => number) | undefined;
  /** How long a learner may take to stop when its work is called off. Default 10 000. */
  readonly patienceMilliseconds?: number | undefined;
}

/** All a law needs: what is checked, and the experiment's beginning. */
export interface Trial {
  readonly subject: LawSubject;
  readonly model: Model;
  /** A learner with the experiment's initial weights, which is disposed of afterwards. */
  readonly withLearner: <T>(work: (learner: MachineLearningInterface) => Promise<T>) => Promise<T>;
}

/** What a law found that is not simply kept. */
export type Remark = { readonly outcome: "doubtful" | "skipped"; readonly detail: string } | undefined;

export type Law = (trial: Trial) => Promise<Remark>;

/** A law is not kept; the message says what was seen instead. */
export class Broken extends Error {}

export function explain(error: unknown): string {
  if (error instanceof Broken) return error.message;
  return error instanceof Error ? `it throws ${error.name}: ${error.message}` : `it throws ${String(error)}`;
}

export function demand(is: boolean, otherwise: string): void {
  if (!is) throw new Broken(otherwise);
}

/** Fails unless the learner's current weights are these. */
export async function demandCurrent(
  learner: MachineLearningInterface,
  digest: string,
  otherwise: string,
): Promise<void> {
  demand(digestOf(await learner.currentWeights()) === digest, otherwise);
}
