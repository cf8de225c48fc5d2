/**
 * The machine learning interface: all that a driver knows of a learner. The same learner object runs under the local
 * driver and under the ledger driver and makes the same decisions under both. After `MachineLearningInterface` of
 * fetchai/colearn, with the round made explicit so that a learner which restarts trains as one that did not.
 */
import type { Metric } from "../weights/metric.ts";
import type { Weights } from "../weights/weights.ts";

export type { Metric };

/** A learner's judgement of weights. */
export interface Evaluation {
  /** The metric over the learner's vote split. */
  readonly voteScore: number;
  /** The metric over the learner's test split: for reports, never for the vote. NaN without a test split. */
  readonly testScore: number;
  /** Whether the weights are better than the current ones on the vote split, by the metric's rule. */
  readonly vote: boolean;
}

/** A model's weights with the topology that they fill. */
export interface Model {
  /** "tfjs-layers": `topology` is what `tf.models.modelFromJSON` takes. */
  readonly format: string;
  readonly topology: unknown;
  readonly weights: Weights;
}

/**
 * What one training costs in privacy: `steps` times a Gaussian mechanism on a Poisson sample of the train split. Under it
 * a sample is in a step's batch with the probability `sampleRate`, and the noise's standard deviation is
 * `noiseMultiplier` times what one sample can change.
 */
export interface PrivacyCost {
  readonly sampleRate: number;
  readonly noiseMultiplier: number;
  readonly steps: number;
}

/** How far a training or an evaluation is: `done` of `total` steps. */
export type OnProgress = (done: number, total: number) => void;

export interface WorkOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

export interface MachineLearningInterface {
  /** Trains from the current weights on the train split and returns the result. The current weights do not change. */
  proposeWeights(round: number, options?: WorkOptions): Promise<Weights>;
  /** Evaluates weights. The current weights do not change. */
  testWeights(weights: Weights, options?: WorkOptions): Promise<Evaluation>;
  /** Makes these the current weights. */
  acceptWeights(weights: Weights, options?: WorkOptions): Promise<void>;
  currentWeights(): Promise<Weights>;
  currentModel(): Promise<Model>;
  /** What the next training will cost in privacy; undefined, or no such method, where training is not private. */
  privacyCost?(): Promise<PrivacyCost | undefined>;
  /** Frees what the learner holds. */
  dispose(): Promise<void>;
}

/** The vote's rule: strictly better by more than the tolerance. NaN is never better. */
export function isBetter(metric: Metric, proposed: number, current: number): boolean {
  return metric.direction === "maximise"
    ? proposed > current + metric.tolerance
    : proposed < current - metric.tolerance;
}
