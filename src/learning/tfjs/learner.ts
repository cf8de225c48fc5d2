/**
 * A learner around any Keras-style model (`tf.layers`, one input, one output) and any data in memory.
 *
 * The model's variables are scratch paper: the current weights are kept beside them, and every training or evaluation
 * writes the weights that it needs first. So work that is called off, or fails, leaves nothing to repair. All tensors
 * but the model's are gone when a call returns.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { models } from "@tensorflow/tfjs-layers";

import { ColearnError } from "../../errors.ts";
import type { Weights } from "../../weights/weights.ts";
import { pause } from "../abort.ts";
import { evaluationBatches, trainingBatches } from "../batches.ts";
import { HeldWeights } from "../held-weights.ts";
import type { Evaluation, MachineLearningInterface, Metric, Model, PrivacyCost, WorkOptions } from "../interface.ts";
import type { Score } from "../metrics.ts";
import { scoreBy } from "../metrics.ts";
import { poissonBatches, samplingRate } from "../privacy/sampling.ts";
import { secretRandom } from "../privacy/words.ts";
import { randomFrom } from "../random.ts";
import { batchCount, checkSplits, sampleCount, type Samples, type Splits } from "../samples.ts";
import { scoreSplits } from "../scores.ts";
import { inputBatch, targetBatch } from "./dataset.ts";
import { seedDropout } from "./dropout.ts";
import type { Loss, LossName } from "./losses.ts";
import { losses } from "./losses.ts";
import { PrivateStep, type PrivateTraining } from "./private/step.ts";
import { checkFit, weightsOf, weightNames, assignWeights } from "./weights.ts";

export interface TfjsLearnerOptions {
  /** The learner owns the model and disposes of it. Its weights are the learner's first current weights. */
  readonly model: LayersModel;
  readonly data: Splits;
  /** A new optimiser for every proposal: what one round's optimiser remembers never reaches the next. */
  readonly optimizer: () => tf.Optimizer;
  readonly loss: LossName;
  readonly metric: Metric;
  readonly batchSize: number;
  /** Batches trained for one proposal. */
  readonly stepsPerProposal: number;
  /** With the round, all that the choice of batches depends on: for example the experiment's seed and the learner's number. */
  readonly batchSeed: readonly number[];
  /** Trains with differential privacy: then a batch is a Poisson sample, of `batchSize` samples on average. */
  readonly privacy?: PrivateTraining | undefined;
  /** Samples evaluated at once: bounds the memory of an evaluation. Default 64. */
  readonly evaluationBatchSize?: number | undefined;
}

/**
 * A model from its topology, what `models.modelFromJSON` takes.
 * @throws ColearnError `topology` when it is not one
 */
export async function modelFromTopology(topology: unknown): Promise<LayersModel> {
  try {
    return await models.modelFromJSON(topology as Parameters<typeof models.modelFromJSON>[0]);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ColearnError("topology", `the topology is not that of a tf.layers model: ${reason}`, { cause });
  }
}

/** The topology of a model as plain JSON, with the layers' names and without weights. */
export function topologyOf(model: LayersModel): unknown {
  const topology: unknown = model.toJSON(undefined, false);
  // A copy without undefined members, so that it is the same before and after a journey as JSON.
  return JSON.parse(JSON.stringify(topology));
}

export class TfjsLearner implements MachineLearningInterface {
  readonly #options: TfjsLearnerOptions;
  readonly #model: LayersModel;
  /** As it was given: training changes the seeds of dropout in it. */
  readonly #topology: unknown;
  readonly #loss: Loss;
  readonly #score: Score;
  readonly #privateStep: PrivateStep | undefined;
  readonly #held: HeldWeights;

  private constructor(options: TfjsLearnerOptions, current: Weights) {
    this.#options = options;
    this.#model = options.model;
    this.#topology = topologyOf(options.model);
    this.#loss = losses[options.loss];
    const width = options.model.outputs[0]?.shape.at(-1) ?? 1;
    this.#score = scoreBy(options.metric.name, width, this.#loss.ofSample);
    const { model, privacy, data } = options;
    this.#privateStep = privacy && new PrivateStep(model, this.#loss, privacy, data.train);
    this.#held = new HeldWeights(current, {
      metric: options.metric,
      batches: batchCount(data, this.#evaluationBatchSize),
      prepare: (weights) => {
        checkFit(model, weights);
        return (signal, onBatch) => {
          assignWeights(model, weights);
          return scoreSplits(data, (samples) => this.#scoreOf(samples, signal, onBatch));
        };
      },
    });
  }

  /** @throws ColearnError `topology-mismatch`, `no-samples`, `weights-names` or `unknown-metric`; UserError `privacy-layer` */
  static async create(options: TfjsLearnerOptions): Promise<TfjsLearner> {
    const { model, data } = options;
    weightNames(model);
    const wanted = model.inputs[0]?.shape.slice(1) ?? [];
    const fits = (shape: Samples["shape"]): boolean =>
      model.inputs.length === 1 &&
      model.outputs.length === 1 &&
      wanted.length === shape.length &&
      wanted.every((n, i) => n === null || n === shape[i]);
    checkSplits(data, fits, `input ${JSON.stringify(wanted)}`);
    return new TfjsLearner(options, await weightsOf(model));
  }

  async proposeWeights(round: number, work: WorkOptions = {}): Promise<Weights> {
    return this.#held.exclusively(work, async () => {
      const { data, batchSize, stepsPerProposal, batchSeed } = this.#options;
      assignWeights(this.#model, this.#held.current);
      const optimizer = this.#options.optimizer();
      try {
        const count = sampleCount(data.train);
        const random = randomFrom("batches", ...batchSeed, round);
        // Who knew the masks could tell who was in a batch: masks belong to places in it.
        const masks = this.#privateStep ? secretRandom : randomFrom("dropout", ...batchSeed, round);
        const batches = this.#privateStep
          ? poissonBatches(count, batchSize, stepsPerProposal)
          : trainingBatches(count, batchSize, stepsPerProposal, random);
        let done = 0;
        for (const batch of batches) {
          await pause(work.signal);
          seedDropout(this.#model, masks);
          if (this.#privateStep) this.#privateStep.take(optimizer, data.train, batch, Math.min(batchSize, count));
          else this.#trainBatch(optimizer, data.train, batch);
          work.onProgress?.(++done, stepsPerProposal);
        }
      } finally {
        optimizer.dispose();
      }
      const { tensors } = await weightsOf(this.#model);
      return { tensors, summary: { steps: stepsPerProposal, samples: stepsPerProposal * batchSize } };
    });
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
    return { format: "tfjs-layers", topology: structuredClone(this.#topology), weights: this.#held.copy() };
  }

  privacyCost(): Promise<PrivacyCost | undefined> {
    const { privacy, batchSize, stepsPerProposal: steps, data } = this.#options;
    const sampleRate = samplingRate(sampleCount(data.train), batchSize);
    return Promise.resolve(privacy && { sampleRate, noiseMultiplier: privacy.noiseMultiplier, steps });
  }

  async dispose(): Promise<void> {
    return this.#held.dispose(() => this.#model.dispose());
  }

  /** One optimiser step on the mean loss of the batch, and the layers' own losses (regularisers). */
  #trainBatch(optimizer: tf.Optimizer, samples: Samples, batch: Uint32Array): void {
    const variables = this.#model.trainableWeights.flatMap(({ name }) => tf.engine().registeredVariables[name] ?? []);
    tf.tidy(() => {
      const inputs = inputBatch(samples, batch);
      const targets = tf.tensor1d(targetBatch(samples, batch));
      optimizer.minimize(
        () => {
          const outputs = this.#model.apply(inputs, { training: true }) as tf.Tensor2D;
          const own = this.#model.calculateLosses();
          return own.reduce<tf.Scalar>((sum, loss) => tf.add(sum, loss), this.#loss.mean(targets, outputs));
        },
        false,
        variables,
      );
    });
  }

  /** The metric of the weights that the model holds now. */
  async #scoreOf(samples: Samples, signal: AbortSignal | undefined, onBatch: () => void): Promise<number> {
    const count = sampleCount(samples);
    let all = new Float32Array();
    let done = 0;
    for (const batch of evaluationBatches(count, this.#evaluationBatchSize)) {
      await pause(signal);
      const outputs = tf.tidy(() => this.#model.predictOnBatch(inputBatch(samples, batch)) as tf.Tensor);
      const values = (await outputs.data()) as Float32Array;
      outputs.dispose();
      if (done === 0) all = new Float32Array((values.length / batch.length) * count);
      all.set(values, done);
      done += values.length;
      onBatch();
    }
    return this.#score(samples.targets, all);
  }

  get #evaluationBatchSize(): number {
    return this.#options.evaluationBatchSize ?? 64;
  }
}
