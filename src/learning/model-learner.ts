/**
 * A learner around any model whose training and outputs are plain functions of weights: it keeps the current weights,
 * remembers scores, and does one thing after another. What it calls off, or what fails, has changed nothing.
 */
import { ColearnError } from "../errors.ts";
import { checkWeights, specOf } from "../weights/spec.ts";
import { copyWeights, type Weights, type WeightsSpec } from "../weights/weights.ts";
import { pause, throwIfAborted } from "./abort.ts";
import type { Evaluation, MachineLearningInterface, Metric, Model, WorkOptions } from "./interface.ts";
import { scoreBy, type LossOfSample, type Score } from "./metrics.ts";
import { sampleCount, sampleSize, type Samples, type Splits } from "./samples.ts";
import { digestOf, judge, ScoreCache, type Scores } from "./scores.ts";

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
  readonly #metric: Metric;
  readonly #score: Score;
  readonly #spec: WeightsSpec;
  readonly #scores = new ScoreCache();
  #current: Weights;
  #currentDigest: string;
  #disposed = false;
  /** Ends when the work in hand has. */
  #idle: Promise<unknown> = Promise.resolve();

  /** @throws ColearnError `no-samples`, `topology-mismatch`, `unknown-metric` or `metric-misfit` */
  constructor(model: PlainModel, data: Splits, metric: Metric) {
    for (const [name, samples] of Object.entries(data) as [string, Samples | undefined][]) {
      if (samples === undefined) continue;
      if (sampleCount(samples) === 0) throw new ColearnError("no-samples", `the ${name} split has no samples`);
      if (sampleSize(samples.shape) !== model.features) {
        const shape = JSON.stringify(samples.shape);
        throw new ColearnError(
          "topology-mismatch",
          `a model with ${model.features} numbers a sample cannot take ${shape}`,
        );
      }
    }
    this.#model = model;
    this.#data = data;
    this.#metric = metric;
    this.#score = scoreBy(metric.name, model.width, model.lossOf);
    this.#spec = specOf(model.initial);
    this.#current = copyWeights(model.initial);
    this.#currentDigest = digestOf(this.#current);
  }

  async proposeWeights(round: number, work: WorkOptions = {}): Promise<Weights> {
    return this.#exclusively(work, () =>
      this.#model.train(this.#current, this.#data.train, round, async (done, total) => {
        work.onProgress?.(done, total);
        await pause(work.signal);
      }),
    );
  }

  async testWeights(weights: Weights, work: WorkOptions = {}): Promise<Evaluation> {
    return this.#exclusively(work, async () => {
      const predict = this.#predictorOf(weights);
      const digest = digestOf(weights);
      const { vote, test } = this.#data;
      const known = (wanted: string): boolean => this.#scores.get(wanted) !== undefined;
      const missing = [digest, this.#currentDigest].filter(
        (wanted, at, all) => all.indexOf(wanted) === at && !known(wanted),
      );
      const total = missing.length * (stepsFor(vote) + (test === undefined ? 0 : stepsFor(test)));
      let done = 0;
      for (const wanted of missing) {
        const scores = await this.#evaluate(
          wanted === digest ? predict : this.#predictorOf(this.#current),
          async () => {
            work.onProgress?.(++done, total);
            await pause(work.signal);
          },
        );
        this.#scores.set(wanted, scores);
      }
      const [proposed, current] = [this.#scores.get(digest), this.#scores.get(this.#currentDigest)];
      if (!proposed || !current) throw new Error("the scores that were just computed are not remembered");
      return judge(this.#metric, proposed, current);
    });
  }

  async acceptWeights(weights: Weights, work: WorkOptions = {}): Promise<void> {
    return this.#exclusively(work, async () => {
      this.#predictorOf(weights);
      this.#current = copyWeights(weights);
      this.#currentDigest = digestOf(this.#current);
    });
  }

  async currentWeights(): Promise<Weights> {
    return copyWeights(this.#current);
  }

  async currentModel(): Promise<Model> {
    const { format, topology } = this.#model;
    return { format, topology, weights: await this.currentWeights() };
  }

  async dispose(): Promise<void> {
    this.#disposed = true;
    await this.#idle;
  }

  #predictorOf(weights: Weights): Predict {
    checkWeights(weights, this.#spec);
    return this.#model.predictorOf(weights);
  }

  async #evaluate(predict: Predict, pace: () => Promise<void>): Promise<Scores> {
    const { vote, test } = this.#data;
    const voteScore = await this.#scoreOf(vote, predict, pace);
    const testScore = test === undefined ? NaN : await this.#scoreOf(test, predict, pace);
    return { voteScore, testScore };
  }

  async #scoreOf(samples: Samples, predict: Predict, pace: () => Promise<void>): Promise<number> {
    const { width } = this.#model;
    const count = sampleCount(samples);
    const outputs = new Float64Array(count * width);
    for (let first = 0; first < count; first += EVALUATED_AT_ONCE) {
      const end = Math.min(first + EVALUATED_AT_ONCE, count);
      for (let row = first; row < end; row++) predict(samples, row, outputs, row * width);
      await pace();
    }
    return this.#score(samples.targets, outputs);
  }

  #exclusively<T>(work: WorkOptions, action: () => Promise<T>): Promise<T> {
    const result = this.#idle.then(() => {
      throwIfAborted(work.signal);
      if (this.#disposed) throw new ColearnError("learner-disposed", "the learner was disposed of");
      return action();
    });
    this.#idle = result.catch(() => undefined);
    return result;
  }
}

function stepsFor(samples: Samples): number {
  return Math.ceil(sampleCount(samples) / EVALUATED_AT_ONCE);
}
