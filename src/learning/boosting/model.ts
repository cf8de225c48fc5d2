/**
 * Gradient boosting (Friedman 2001; Chen and Guestrin 2016) that grows: each proposal adds trees that correct, on the
 * proposer's own samples, what the trees before them leave. For values, or for two classes.
 */
import { z } from "zod";

import type { Weights } from "../../weights/weights.ts";
import type { LossOfSample } from "../metrics.ts";
import type { Pace, PlainModel, Predict } from "../model-learner.ts";
import { permutation, randomFrom } from "../random.ts";
import { binaryCrossentropy, squaredError } from "../sample-losses.ts";
import { sampleCount, type Samples } from "../samples.ts";
import { MAX_FEATURES, MAX_NUMBERS, parseTopology } from "../topology.ts";
import { binsOf } from "../trees/bins.ts";
import { growTree } from "../trees/grow.ts";
import {
  clearTree,
  copyTrees,
  leafFor,
  noTrees,
  readTrees,
  treeRoomShape,
  treeTensors,
  type Trees,
} from "../trees/trees.ts";

export interface BoostingTopology {
  readonly features: number;
  /** What is learned: a value, or the probability of class 1. */
  readonly loss: "squaredError" | "logistic";
  readonly maxDepth: number;
  readonly maxTrees: number;
}

export interface BoostingTraining {
  readonly treesPerProposal: number;
  /** What a tree's correction is multiplied by. */
  readonly learningRate: number;
  /** The share of the features that a tree may use. */
  readonly columnSample: number;
  /** The L2 and L1 penalties of a leaf. */
  readonly lambda: number;
  readonly alpha: number;
  /** The least sum of second derivatives of each side of a split: samples, for values. */
  readonly minChildWeight: number;
  /** With the round, all that chance depends on. */
  readonly seed: readonly number[];
}

const topologySchema = z
  .strictObject({
    features: z.int().min(1).max(MAX_FEATURES),
    loss: z.enum(["squaredError", "logistic"]),
    ...treeRoomShape,
  })
  .refine(({ maxDepth, maxTrees }) => maxTrees * 2 ** maxDepth <= MAX_NUMBERS, "has too many leaves");

/** The base of a class that the proposer never saw, or always. */
const LEAST_SHARE = 0.01;

/** @throws ColearnError `topology` when it is not one */
export function boostingTopologyOf(topology: unknown): BoostingTopology {
  return parseTopology(topologySchema, topology, BoostingModel.format);
}

interface Boosted {
  /** What the trees correct. */
  base: number;
  readonly trees: Trees;
}

export class BoostingModel implements PlainModel {
  static readonly format = "gradient-boosting";
  readonly format = BoostingModel.format;
  readonly width = 1;
  readonly topology: BoostingTopology;
  readonly features: number;
  readonly lossOf: LossOfSample;
  readonly #training: BoostingTraining;
  readonly #isLogistic: boolean;

  constructor(topology: BoostingTopology, training: BoostingTraining) {
    this.topology = topology;
    this.features = topology.features;
    this.#isLogistic = topology.loss === "logistic";
    this.lossOf = this.#isLogistic ? binaryCrossentropy : squaredError;
    this.#training = training;
  }

  /** No trees, and the base 0. */
  get initial(): Weights {
    return { tensors: tensorsOf({ base: 0, trees: noTrees({ ...this.topology, width: 1 }) }) };
  }

  predictorOf(weights: Weights): Predict {
    const boosted = this.#read(weights);
    return (samples, row, outputs, to) => {
      const sum = sumFor(boosted, samples, row * this.features);
      outputs[to] = this.#isLogistic ? sigmoid(sum) : sum;
    };
  }

  /**
   * The first proposal sets the base: the mean of the proposer's targets. When the room for trees is full, the last trees
   * make way for new ones.
   */
  async train(current: Weights, samples: Samples, round: number, pace: Pace): Promise<Weights> {
    const { base, trees: before } = this.#read(current);
    const trees = copyTrees(before);
    const boosted: Boosted = { base: trees.count === 0 ? this.#baseOf(samples) : base, trees };
    const added = Math.min(this.#training.treesPerProposal, trees.maxTrees);
    while (trees.count + added > trees.maxTrees) clearTree(trees, --trees.count);
    const random = randomFrom("boosting", ...this.#training.seed, round);
    const columns = Math.max(1, Math.floor(this.features * this.#training.columnSample));
    const sums = Float64Array.from(samples.targets, (_, row) => sumFor(boosted, samples, row * this.features));
    const { lambda, alpha, minChildWeight, learningRate } = this.#training;
    for (let done = 1; done <= added; done++) {
      const tree = trees.count++;
      const { terms, weights } = this.#gradients(sums, samples);
      growTree(
        {
          ...{ bins: binsOf(samples), terms, weights, random, lambda, alpha, shrinkage: learningRate },
          features: [...permutation(this.features, random).subarray(0, columns)],
          featuresPerSplit: columns,
          minSplitWeight: 0,
          minLeafWeight: minChildWeight,
        },
        trees,
        tree,
      );
      for (const row of sums.keys()) {
        sums[row] = (sums[row] ?? NaN) + (trees.leaves[leafFor(trees, tree, samples, row * this.features)] ?? NaN);
      }
      await pace(done, added);
    }
    return { tensors: tensorsOf(boosted), summary: { steps: added, samples: added * sampleCount(samples) } };
  }

  /** The loss's falling gradient and second derivative at each sample. */
  #gradients(sums: Float64Array, { targets }: Samples): { terms: Float64Array; weights: Float64Array } {
    if (!this.#isLogistic) {
      return { terms: sums.map((sum, row) => (targets[row] ?? NaN) - sum), weights: sums.map(() => 1) };
    }
    const shares = sums.map(sigmoid);
    return {
      terms: shares.map((share, row) => (targets[row] ?? NaN) - share),
      weights: shares.map((share) => share * (1 - share)),
    };
  }

  #baseOf({ targets }: Samples): number {
    let sum = 0;
    for (const target of targets) sum += target;
    const mean = sum / targets.length;
    if (!this.#isLogistic) return Math.fround(mean);
    const share = Math.min(Math.max(mean, LEAST_SHARE), 1 - LEAST_SHARE);
    return Math.fround(Math.log(share / (1 - share)));
  }

  /** @throws ColearnError `weights-trees` when they are no trees */
  #read({ tensors: [base, ...rest] }: Weights): Boosted {
    const trees = readTrees(rest, { ...this.topology, width: 1 }, this.features);
    return { base: (base?.data as Float32Array)[0] ?? NaN, trees };
  }
}

function tensorsOf({ base, trees }: Boosted): Weights["tensors"] {
  return [{ name: "base", dtype: "F32", shape: [], data: Float32Array.of(base) }, ...treeTensors(trees)];
}

function sumFor({ base, trees }: Boosted, samples: Samples, start: number): number {
  let sum = base;
  for (let tree = 0; tree < trees.count; tree++) sum += trees.leaves[leafFor(trees, tree, samples, start)] ?? NaN;
  return sum;
}

function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value));
}
