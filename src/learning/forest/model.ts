/**
 * A random forest (Breiman 2001) that grows: each proposal adds trees that are grown from the proposer's own samples, so
 * that an accepted forest holds trees of all who proposed. Its outputs are the means of the trees' class shares.
 */
import { z } from "zod";

import { ColearnError } from "../../errors.ts";
import type { Weights } from "../../weights/weights.ts";
import type { LossOfSample } from "../metrics.ts";
import type { Pace, PlainModel, Predict } from "../model-learner.ts";
import { randomFrom, type Random } from "../random.ts";
import { crossentropy } from "../sample-losses.ts";
import { sampleCount, type Samples } from "../samples.ts";
import { MAX_FEATURES, MAX_NUMBERS, parseTopology } from "../topology.ts";
import { binsOf } from "../trees/bins.ts";
import { growTree } from "../trees/grow.ts";
import {
  copyTrees,
  leafFor,
  noTrees,
  readTrees,
  treeRoomShape,
  treeTensors,
  type TreeRoom,
  type Trees,
} from "../trees/trees.ts";

export interface ForestTopology {
  readonly features: number;
  readonly classes: number;
  readonly maxDepth: number;
  readonly maxTrees: number;
}

export interface ForestTraining {
  readonly treesPerProposal: number;
  /** The least samples of a node that is split, and of each of its sides; one that is drawn twice counts twice. */
  readonly minSamplesSplit: number;
  readonly minSamplesLeaf: number;
  /** With the round, all that chance depends on. */
  readonly seed: readonly number[];
}

const topologySchema = z
  .strictObject({
    features: z.int().min(1).max(MAX_FEATURES),
    classes: z.int().min(2).max(10_000),
    ...treeRoomShape,
  })
  .refine(
    ({ classes, maxDepth, maxTrees }) => maxTrees * 2 ** maxDepth * classes <= MAX_NUMBERS,
    "has too many leaves",
  );

/** How far the shares in a leaf may be from a sum of 1: what rounding to float32 leaves, and no more. */
const TOLERANCE = 1e-4;

/** @throws ColearnError `topology` when it is not one */
export function forestTopologyOf(topology: unknown): ForestTopology {
  return parseTopology(topologySchema, topology, ForestModel.format);
}

export class ForestModel implements PlainModel {
  static readonly format = "random-forest";
  readonly format = ForestModel.format;
  readonly topology: ForestTopology;
  readonly features: number;
  readonly width: number;
  readonly lossOf: LossOfSample = crossentropy;
  readonly #training: ForestTraining;
  readonly #room: TreeRoom;

  constructor(topology: ForestTopology, training: ForestTraining) {
    this.topology = topology;
    this.features = topology.features;
    this.width = topology.classes;
    this.#training = training;
    this.#room = { maxTrees: topology.maxTrees, maxDepth: topology.maxDepth, width: topology.classes };
  }

  /** No trees. */
  get initial(): Weights {
    return { tensors: treeTensors(noTrees(this.#room)) };
  }

  /**
   * The mean over the trees and one guess of equal shares: so an empty forest has outputs too, and no share is 0, where a
   * single wrong tree would cost more than all right ones can gain. The class that is told stays the same.
   */
  predictorOf({ tensors }: Weights): Predict {
    const trees = this.#read(tensors);
    return (samples, row, outputs, to) => {
      outputs.fill(1 / this.width, to, to + this.width);
      for (let tree = 0; tree < trees.count; tree++) {
        const leaf = leafFor(trees, tree, samples, row * this.features);
        for (let k = 0; k < this.width; k++)
          outputs[to + k] = (outputs[to + k] ?? NaN) + (trees.leaves[leaf + k] ?? NaN);
      }
      for (let k = 0; k < this.width; k++) outputs[to + k] = (outputs[to + k] ?? NaN) / (trees.count + 1);
    };
  }

  async train({ tensors }: Weights, samples: Samples, round: number, pace: Pace): Promise<Weights> {
    const trees = copyTrees(this.#read(tensors));
    const { treesPerProposal, seed } = this.#training;
    const added = Math.min(treesPerProposal, trees.maxTrees);
    const random = randomFrom("forest", ...seed, round);
    const places = placesFor(trees, added, samples, this.features);
    trees.count = Math.min(trees.count + added, trees.maxTrees);
    for (const [done, place] of places.entries()) {
      this.#grow(trees, place, samples, random);
      await pace(done + 1, added);
    }
    return { tensors: treeTensors(trees), summary: { steps: added, samples: added * sampleCount(samples) } };
  }

  /** Grows a tree from as many samples as there are, drawn with replacement. */
  #grow(trees: Trees, place: number, samples: Samples, random: Random): void {
    const count = sampleCount(samples);
    const weights = new Float64Array(count);
    for (let drawn = 0; drawn < count; drawn++) {
      const row = random.below(count);
      weights[row] = (weights[row] ?? 0) + 1;
    }
    const terms = new Float64Array(count * this.width);
    for (const [row, weight] of weights.entries()) {
      const label = samples.targets[row] ?? NaN;
      if (!(label >= 0 && label < this.width)) {
        throw new ColearnError(
          "unknown-class",
          `sample ${row} is of class ${label}, and classes are below ${this.width}`,
        );
      }
      terms[row * this.width + label] = weight;
    }
    growTree(
      {
        ...{ bins: binsOf(samples), terms, weights, random, lambda: 0, alpha: 0, shrinkage: 1 },
        features: Array.from({ length: this.features }, (_, feature) => feature),
        featuresPerSplit: Math.max(1, Math.floor(Math.sqrt(this.features))),
        minSplitWeight: this.#training.minSamplesSplit,
        minLeafWeight: this.#training.minSamplesLeaf,
      },
      trees,
      place,
    );
  }

  /** @throws ColearnError `weights-trees` when they are no trees, or a leaf does not hold shares of a whole */
  #read(tensors: Weights["tensors"]): Trees {
    const trees = readTrees(tensors, this.#room, this.features);
    const { leaves, count } = trees;
    const numbers = count * 2 ** this.topology.maxDepth * this.width;
    for (let first = 0; first < numbers; first += this.width) {
      let [sum, least] = [0, 0];
      for (let k = first; k < first + this.width; k++) {
        sum += leaves[k] ?? NaN;
        least = Math.min(least, leaves[k] ?? NaN);
      }
      // A leaf that no sample reached is all zeros.
      const isShares = least >= 0 && (sum === 0 || Math.abs(sum - 1) < TOLERANCE);
      if (!isShares) throw new ColearnError("weights-trees", `the shares in a leaf add up to ${sum}, not to 1`);
    }
    return trees;
  }
}

/**
 * Where new trees go: after the others, and, when the room is full, in place of the trees that are worst on the proposer's
 * own samples. A tree is as good as the mean share that it gives to the right class.
 */
function placesFor(trees: Trees, added: number, samples: Samples, features: number): number[] {
  const free = Array.from({ length: Math.min(added, trees.maxTrees - trees.count) }, (_, at) => trees.count + at);
  if (free.length === added) return free;
  const count = sampleCount(samples);
  const goodness = Array.from({ length: trees.count }, (_, tree) => {
    let sum = 0;
    for (let row = 0; row < count; row++) {
      sum += trees.leaves[leafFor(trees, tree, samples, row * features) + (samples.targets[row] ?? NaN)] ?? NaN;
    }
    return { tree, sum };
  });
  // Of equals the oldest: sorting is stable.
  const worst = goodness.sort((a, b) => a.sum - b.sum).slice(0, added - free.length);
  return [...free, ...worst.map(({ tree }) => tree)];
}
