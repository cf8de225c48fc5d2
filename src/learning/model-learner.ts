/** A learner around any model whose training and outputs are plain functions of weights. */
import { checkWeights, specOf } from "../weights/spec.ts";
import { copyWeights, type Weights } from "../weights/weights.ts";
import { pause } from "./abort.ts";
import { HeldWeights } from "./held-weights.ts";
import type { Evaluation, MachineLearningInterface, Metric, Model, WorkOptions } from "./interface.ts";
import { scoreBy, type LossOfSample, type Score } from "./metrics.ts";
import { batchCount, checkSplits, sampleCount, sampleSize, type Samples, type Splits } from "./samples.ts";
import { scoreSplits } from "./scores.ts";

/** Writes a sample's `width` outputs at `to`. */
export type Predict = (samples: Samples, row: number, outputs: Float64Array, to: number) => void;

/** To be awaited now and then during a training: it reports, lets messages in and throws when the work is called off. */
export type Pace = (done: number, total: number) => Promise<void>;

export interface PlainModel {
  readonly format: string;
  /** What prediction needs beside the weights, as plain JSON. */
  readonly topology: unknown;
  /** How many numbers a sample has. */
  readonly features: number;
  /** How many numbers the model gives for a sample. */
  readonly width: number;
  readonly lossOf: LossOfSample;
  /** From nobody's data, and so the same for all. Their names, types and shapes are those of all weights. */
  readonly initial: Weights;
  /**
   * Makes weights ready to use. Names, types and shapes are right already, and no number is NaN or infinite.
   * @throws ColearnError when the numbers still make no sense: they may be anybody's
   */
  predictorOf(weights: Weights): Predict;
  /** Weights after training; the ones it begins with do not change. They depend on these, the samples and the round. */
  train(current: Weights, samples: Samples, round: number, pace: Pace): Promise<Weights>;
}

/** Samples evaluated between two looks at the signal. */
const EVALUATED_AT_ONCE = 1024;

export class ModelLearner implements MachineLearningInterface {
  readonly #model: PlainModel;
  readonly #data: Splits;
  readonly #score: Score;
  readonly #held: HeldWeights;

  /** @throws ColearnError `no-samples`, `topology-mismatch`, `unknown-metric` or `metric-misfit` */
  constructor(model: PlainModel, data: Splits, metric: Metric) {
    checkSplits(data, (shape) => sampleSize(shape) === model.features, `${model.features} numbers a sample`);
    this.#model = model;
    this.#data = data;
    this.#score = scoreBy(metric.name, model.width, model.lossOf);
    const { initial } = model;
    const spec = specOf(initial);
    this.#held = new HeldWeights(copyWeights(initial), {
      metric,
      batches: batchCount(data, EVALUATED_AT_ONCE),
      prepare: (weights) => {
        checkWeights(weights, spec);
        const predict = model.predictorOf(weights);
        return (signal, onBatch) => scoreSplits(data, (samples) => this.#scoreOf(samples, predict, signal, onBatch));
      },
    });
  }

  async proposeWeights(round: number, work: WorkOptions = {}): Promise<Weights> {
    return this.#held.exclusively(work, () =>
      this.#model.train(this.#held.current, this.#data.train, round, async (done, total) => {
        work.onProgress?.(done, total);
        await pause(work.signal);
      }),
    );
  }

  async testWeights(weights: Weights, work?: WorkOptions): Promise<Evaluation> {
    return this.#held.test(weights, work);
  }

  async acceptWeights(weights: Weights, work?: WorkOptions): Promise<void> {
    return this.#held.accept(weights, work);
  }

  async currentWeights(): Promise<Weights> {
    return this.#held.copy();
  }

  async currentModel(): Promise<Model> {
    const { format, topology } = this.#model;
    return { format, topology, weights: this.#held.copy() };
  }

  async dispose(): Promise<void> {
    return this.#held.dispose();
  }

  async #scoreOf(
    samples: Samples,
    predict: Predict,
    signal: AbortSignal | undefined,
    onBatch: () => void,
  ): Promise<number> {
    const { width } = this.#model;
    const count = sampleCount(samples);
    const outputs = new Float64Array(count * width);
    for (let first = 0; first < count; first += EVALUATED_AT_ONCE) {
      const end = Math.min(first + EVALUATED_AT_ONCE, count);
      for (let row = first; row < end; row++) predict(samples, row, outputs, row * width);
      onBatch();
      await pause(signal);
    }
    return this.#score(samples.targets, outputs);
  }
}
