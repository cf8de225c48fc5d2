/**
 * Decision trees as tensors of fixed shapes: room for so many trees of so many levels. A tree's splits lie level by level,
 * the children of split n being 2n + 1 and 2n + 2, so that there are no pointers: nothing in foreign weights can loop or
 * point outside. A place that splits nothing sends all samples to the left, down to one leaf.
 */
import { z } from "zod";

import { ColearnError } from "../../errors.ts";
import type { Tensor } from "../../weights/weights.ts";
import type { Samples } from "../samples.ts";
import { featureOf } from "./bins.ts";

/** Room for trees, the same in all weights of a model. */
export interface TreeRoom {
  readonly maxTrees: number;
  /** Levels of splits. */
  readonly maxDepth: number;
  /** Numbers a leaf holds. */
  readonly width: number;
}

/** What a topology says of the room: a manifest is anybody's. */
export const treeRoomShape = {
  maxDepth: z.int().min(1).max(12),
  maxTrees: z.int().min(1).max(10_000),
};

export interface Trees extends TreeRoom {
  /** The trees there are are the first ones. */
  count: number;
  /** maxTrees × (2^maxDepth - 1): which feature is compared; NO_SPLIT where none is. */
  readonly features: Int32Array<ArrayBuffer>;
  /** Samples whose feature is at most this go to the left. */
  readonly thresholds: Float32Array<ArrayBuffer>;
  /** maxTrees × 2^maxDepth × width. */
  readonly leaves: Float32Array<ArrayBuffer>;
}

export const NO_SPLIT = -1;

export function splitsOf({ maxDepth }: Pick<TreeRoom, "maxDepth">): number {
  return 2 ** maxDepth - 1;
}

export function leavesOf({ maxDepth }: Pick<TreeRoom, "maxDepth">): number {
  return 2 ** maxDepth;
}

export function noTrees({ maxTrees, maxDepth, width }: TreeRoom): Trees {
  const splits = maxTrees * splitsOf({ maxDepth });
  return {
    ...{ maxTrees, maxDepth, width, count: 0 },
    features: new Int32Array(splits).fill(NO_SPLIT),
    thresholds: new Float32Array(splits),
    leaves: new Float32Array(maxTrees * leavesOf({ maxDepth }) * width),
  };
}

export function copyTrees(trees: Trees): Trees {
  const { features, thresholds, leaves } = trees;
  return { ...trees, features: features.slice(), thresholds: thresholds.slice(), leaves: leaves.slice() };
}

export function treeTensors(trees: Trees): Tensor[] {
  const { maxTrees, width, count, features, thresholds, leaves } = trees;
  return [
    { name: "trees", dtype: "I32", shape: [], data: Int32Array.of(count) },
    { name: "features", dtype: "I32", shape: [maxTrees, splitsOf(trees)], data: features },
    { name: "thresholds", dtype: "F32", shape: [maxTrees, splitsOf(trees)], data: thresholds },
    { name: "leaves", dtype: "F32", shape: [maxTrees, leavesOf(trees), width], data: leaves },
  ];
}

/**
 * The trees in tensors that have the names, types and shapes of `treeTensors`; they share their memory.
 * @param featureCount how many numbers a sample has
 * @throws ColearnError `weights-trees` when a number makes no sense
 */
export function readTrees(tensors: readonly Tensor[], room: TreeRoom, featureCount: number): Trees {
  const [count, features, thresholds, leaves] = tensors.map(({ data }) => data);
  const trees = { ...room, count: (count as Int32Array)[0] ?? NaN, features, thresholds, leaves } as Trees;
  if (!(trees.count >= 0 && trees.count <= room.maxTrees)) {
    throw new ColearnError("weights-trees", `there is room for ${room.maxTrees} trees, not for ${trees.count}`);
  }
  const wrong = trees.features.findIndex((feature) => feature < NO_SPLIT || feature >= featureCount);
  if (wrong >= 0) {
    const [feature, tree] = [trees.features[wrong], Math.floor(wrong / splitsOf(room))];
    throw new ColearnError("weights-trees", `tree ${tree} splits by feature ${feature} of ${featureCount}`);
  }
  const firstSplit = trees.count * splitsOf(room);
  const isEmpty =
    trees.features.subarray(firstSplit).every((feature) => feature === NO_SPLIT) &&
    trees.thresholds.subarray(firstSplit).every((threshold) => threshold === 0) &&
    trees.leaves.subarray(trees.count * leavesOf(room) * room.width).every((value) => value === 0);
  if (!isEmpty) throw new ColearnError("weights-trees", `there is something after the ${trees.count} trees`);
  return trees;
}

/**
 * Where in `leaves` the numbers begin that a tree has for a sample.
 * @param start where the sample's numbers begin
 */
export function leafFor(trees: Trees, tree: number, samples: Samples, start: number): number {
  const firstSplit = tree * splitsOf(trees);
  let node = 0;
  for (let level = 0; level < trees.maxDepth; level++) {
    const feature = trees.features[firstSplit + node] ?? NO_SPLIT;
    const left =
      feature === NO_SPLIT || featureOf(samples, start + feature) <= (trees.thresholds[firstSplit + node] ?? NaN);
    node = 2 * node + (left ? 1 : 2);
  }
  return (tree * leavesOf(trees) + node - splitsOf(trees)) * trees.width;
}

/** Makes the place of a tree empty. */
export function clearTree(trees: Trees, tree: number): void {
  const [splits, numbers] = [splitsOf(trees), leavesOf(trees) * trees.width];
  trees.features.fill(NO_SPLIT, tree * splits, (tree + 1) * splits);
  trees.thresholds.fill(0, tree * splits, (tree + 1) * splits);
  trees.leaves.fill(0, tree * numbers, (tree + 1) * numbers);
}
