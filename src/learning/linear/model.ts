/** A linear classifier (one against the rest where there are more than two classes) or a linear regression, by SGD. */
import { z } from "zod";

import { ColearnError } from "../../errors.ts";
import type { Tensor, Weights } from "../../weights/weights.ts";
import { trainingBatches } from "../batches.ts";
import type { Pace, PlainModel, Predict } from "../model-learner.ts";
import { randomFrom } from "../random.ts";
import { sampleCount, type Samples } from "../samples.ts";
import { MAX_FEATURES, MAX_NUMBERS, parseTopology } from "../topology.ts";
import { linearLosses, type LinearLossName } from "./losses.ts";
import { descend, type LearningRate, type SgdSettings } from "./sgd.ts";

export interface LinearTopology {
  readonly features: number;
  /** Undefined for a regression. */
  readonly classes?: number | undefined;
  readonly loss: LinearLossName;
}

export interface LinearTraining {
  readonly alpha: number;
  readonly learningRate: LearningRate;
  readonly eta0: number;
  readonly powerT: number;
  /** At most the samples there are. */
  readonly batchSize: number;
  readonly stepsPerProposal: number;
  /** With the round, all that the choice of batches depends on. */
  readonly batchSeed: readonly number[];
}

/** Counting ends here: a step more would not be counted, and whoever proposed this number must not end all training. */
const MAX_STEP = Number.MAX_SAFE_INTEGER;

const topologySchema = z
  .strictObject({
    features: z.int().min(1).max(MAX_FEATURES),
    classes: z.int().min(2).max(10_000).optional(),
    loss: z.enum(Object.keys(linearLosses) as [LinearLossName, ...LinearLossName[]]),
  })
  .refine(({ features, classes = 1 }) => features * classes <= MAX_NUMBERS, "has too many coefficients")
  .refine(({ classes, loss }) => (classes === undefined) === (loss === "squaredError"), {
    message: "squaredError is the loss for values, and the others are those for classes",
  });

/** @throws ColearnError `topology` when it is not one */
export function linearTopologyOf(topology: unknown): LinearTopology {
  return parseTopology(topologySchema, topology, LinearModel.format);
}

export class LinearModel implements PlainModel {
  static readonly format = "sgd-linear";
  readonly format = LinearModel.format;
  readonly topology: LinearTopology;
  readonly features: number;
  readonly width: number;
  readonly #training: LinearTraining;
  /** Rows of coefficients: one for two classes, else one a class; one for values. */
  readonly #lines: number;

  constructor(topology: LinearTopology, training: LinearTraining) {
    this.topology = topology;
    this.features = topology.features;
    this.width = topology.classes ?? 1;
    this.#lines = topology.classes === 2 ? 1 : this.width;
    this.#training = training;
  }

  /** Zeros, and the number of the next step. */
  get initial(): Weights {
    const lines = this.#lines;
    return { tensors: tensorsOf(new Float64Array(lines * this.features), new Float64Array(lines), 1, this.features) };
  }

  /** The mean over the lines, each of which is a model of its own. */
  readonly lossOf = (target: number, outputs: ArrayLike<number>): number => {
    const loss = linearLosses[this.topology.loss];
    if (this.#lines === 1) return loss.of(this.#yOf(target, 0), outputs[this.width - 1] ?? NaN);
    let sum = 0;
    for (let line = 0; line < this.#lines; line++) sum += loss.of(this.#yOf(target, line), outputs[line] ?? NaN);
    return sum / this.#lines;
  };

  /** Two outputs for two classes, the first the negative of the second: of equals, the first class is told. */
  predictorOf(weights: Weights): Predict {
    const { coefficients, intercepts } = readWeights(weights);
    return ({ inputs, scale }, row, outputs, to) => {
      const start = row * this.features;
      for (let line = 0; line < this.#lines; line++) {
        const first = line * this.features;
        let sum = 0;
        for (let at = 0; at < this.features; at++) {
          sum += (coefficients[first + at] ?? NaN) * ((inputs[start + at] ?? NaN) * scale);
        }
        outputs[to + line] = sum + (intercepts[line] ?? NaN);
      }
      if (this.width === 2) {
        const output = outputs[to] ?? NaN;
        outputs[to] = -output;
        outputs[to + 1] = output;
      }
    };
  }

  async train(current: Weights, samples: Samples, round: number, pace: Pace): Promise<Weights> {
    const { stepsPerProposal, batchSeed } = this.#training;
    const batchSize = this.#batchSize(samples);
    let weights = current;
    let done = 0;
    const random = randomFrom("batches", ...batchSeed, round);
    for (const batch of trainingBatches(sampleCount(samples), batchSize, stepsPerProposal, random)) {
      weights = this.partialFit(weights, samples, batch);
      await pace(++done, stepsPerProposal);
    }
    return { ...weights, summary: { steps: stepsPerProposal, samples: stepsPerProposal * batchSize } };
  }

  /**
   * Weights after one step for each of these samples, in their order.
   * @throws ColearnError `training-diverged` when they are not finite any more
   */
  partialFit(weights: Weights, samples: Samples, rows: Uint32Array): Weights {
    const read = readWeights(weights);
    const [coefficients, intercepts] = [read.coefficients.slice(), read.intercepts.slice()];
    const settings: SgdSettings = { ...this.#training, loss: linearLosses[this.topology.loss] };
    for (let line = 0; line < this.#lines; line++) {
      const own = coefficients.subarray(line * this.features, (line + 1) * this.features);
      const yOf = (target: number): number => this.#yOf(target, line);
      intercepts[line] = descend(own, intercepts[line] ?? NaN, samples, rows, yOf, settings, read.nextStep);
    }
    if (![...intercepts].every(Number.isFinite) || !coefficients.every(Number.isFinite)) {
      throw new ColearnError("training-diverged", `coefficients grew beyond all bounds at step ${read.nextStep}`, {
        remedy: "take a smaller eta0 or a larger alpha, or scale the inputs",
      });
    }
    return {
      tensors: tensorsOf(coefficients, intercepts, Math.min(read.nextStep + rows.length, MAX_STEP), this.features),
    };
  }

  #batchSize(samples: Samples): number {
    return Math.min(this.#training.batchSize, sampleCount(samples));
  }

  /** What a line is to give for a target. */
  #yOf(target: number, line: number): number {
    if (this.topology.classes === undefined) return target;
    return target === (this.topology.classes === 2 ? 1 : line) ? 1 : -1;
  }
}

function tensorsOf(
  coefficients: Float64Array<ArrayBuffer>,
  intercepts: Float64Array<ArrayBuffer>,
  nextStep: number,
  features: number,
): Tensor[] {
  const lines = intercepts.length;
  return [
    { name: "coefficients", dtype: "F64", shape: [lines, features], data: coefficients },
    { name: "intercepts", dtype: "F64", shape: [lines], data: intercepts },
    { name: "nextStep", dtype: "F64", shape: [], data: Float64Array.of(nextStep) },
  ];
}

/** @throws ColearnError `weights-step` when the number of the next step is none */
function readWeights({ tensors }: Weights): {
  coefficients: Float64Array;
  intercepts: Float64Array;
  nextStep: number;
} {
  const [coefficients, intercepts, step] = tensors.map(({ data }) => data as Float64Array);
  const nextStep = step?.[0] ?? NaN;
  if (!coefficients || !intercepts || !(nextStep >= 1 && nextStep <= MAX_STEP)) {
    throw new ColearnError("weights-step", `steps are counted from 1 to 2^53, and the next is not number ${nextStep}`);
  }
  return { coefficients, intercepts, nextStep };
}
