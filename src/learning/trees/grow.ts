/**
 * Grows one tree. A sample brings `width` terms and a weight, and a leaf of samples with the sums S and W holds S / W: for
 * a forest the terms say which class, and the best split is Gini's; for boosting they are gradients, and it is that of
 * XGBoost (Chen and Guestrin 2016, equation 7, with its L1 penalty).
 */
import { permutation, type Random } from "../random.ts";
import type { Bins } from "./bins.ts";
import { clearTree, leavesOf, splitsOf, type Trees } from "./trees.ts";

export interface Growth {
  readonly bins: Bins;
  /** count × width; those of samples without weight are never read. */
  readonly terms: Float64Array;
  /** Samples with the weight 0 are left out. */
  readonly weights: Float64Array;
  /** Features to choose from. */
  readonly features: readonly number[];
  /** How many of them, drawn anew, are tried for a split. A feature that splits nothing does not count. */
  readonly featuresPerSplit: number;
  /** The least weight of a node that is split. */
  readonly minSplitWeight: number;
  /** The least weight of each side. */
  readonly minLeafWeight: number;
  /** L2 penalty: added to a node's weight. */
  readonly lambda: number;
  /** L1 penalty: pulls a node's sums to zero. */
  readonly alpha: number;
  /** What a leaf's numbers are multiplied by. */
  readonly shrinkage: number;
  readonly random: Random;
}

interface Split {
  readonly feature: number;
  readonly bin: number;
  readonly gain: number;
}

/** Below this a gain is a rounding error. */
const MIN_GAIN = 1e-10;
const BINS = 256;

/** Puts a new tree in a place of `trees`, whatever is there. */
export function growTree(growth: Growth, trees: Trees, tree: number): void {
  const { bins, terms, weights, lambda, alpha, shrinkage } = growth;
  const { width, maxDepth } = trees;
  const rows = Uint32Array.from(weights.keys()).filter((row) => (weights[row] ?? 0) > 0);
  const histogram = new Float64Array(BINS * (width + 1));
  clearTree(trees, tree);

  /** The sums of the samples at places `from` to `to`, the weight last. */
  const sumsOf = (from: number, to: number): Float64Array => {
    const sums = new Float64Array(width + 1);
    for (let at = from; at < to; at++) addSample(sums, 0, rows[at] ?? 0);
    return sums;
  };
  const addSample = (into: Float64Array, first: number, row: number): void => {
    for (let k = 0; k < width; k++) into[first + k] = (into[first + k] ?? NaN) + (terms[row * width + k] ?? NaN);
    into[first + width] = (into[first + width] ?? NaN) + (weights[row] ?? NaN);
  };
  const pulled = (sum: number): number => Math.sign(sum) * Math.max(0, Math.abs(sum) - alpha);
  const scoreOf = (sums: Float64Array): number => {
    let squares = 0;
    for (let k = 0; k < width; k++) squares += pulled(sums[k] ?? NaN) ** 2;
    return squares / ((sums[width] ?? NaN) + lambda);
  };

  /** The best split by a feature; undefined when all samples are in one bin of it. */
  const bestBy = (feature: number, from: number, to: number, total: Float64Array): Split | undefined => {
    const codes = bins.codes[feature] ?? new Uint8Array();
    const last = (bins.thresholds[feature]?.length ?? 0) + 1;
    histogram.fill(0, 0, last * (width + 1));
    for (let at = from; at < to; at++) addSample(histogram, (codes[rows[at] ?? 0] ?? 0) * (width + 1), rows[at] ?? 0);
    const [left, right] = [new Float64Array(width + 1), total.slice()];
    const before = scoreOf(total);
    let best: Split = { feature, bin: -1, gain: MIN_GAIN };
    let occupied = 0;
    for (let bin = 0; bin < last; bin++) {
      const first = bin * (width + 1);
      if ((histogram[first + width] ?? 0) === 0) continue;
      occupied++;
      for (let k = 0; k <= width; k++) {
        left[k] = (left[k] ?? NaN) + (histogram[first + k] ?? NaN);
        right[k] = (right[k] ?? NaN) - (histogram[first + k] ?? NaN);
      }
      if ((left[width] ?? 0) < growth.minLeafWeight || !((right[width] ?? 0) >= growth.minLeafWeight)) continue;
      // What rounding leaves on the right of the last occupied bin is no side.
      if ((right[width] ?? 0) <= MIN_GAIN || bin === last - 1) continue;
      const gain = scoreOf(left) + scoreOf(right) - before;
      if (gain > best.gain) best = { feature, bin, gain };
    }
    return occupied > 1 ? best : undefined;
  };

  const bestSplit = (from: number, to: number, total: Float64Array): Split | undefined => {
    let best: Split | undefined;
    let tried = 0;
    for (const place of permutation(growth.features.length, growth.random)) {
      if (tried === growth.featuresPerSplit) break;
      const split = bestBy(growth.features[place] ?? 0, from, to, total);
      if (split === undefined) continue;
      tried++;
      if (split.bin >= 0 && split.gain > (best?.gain ?? MIN_GAIN)) best = split;
    }
    return best;
  };

  const grow = (node: number, level: number, from: number, to: number): void => {
    const total = sumsOf(from, to);
    const weight = total[width] ?? 0;
    const split = level < maxDepth && weight >= growth.minSplitWeight ? bestSplit(from, to, total) : undefined;
    if (split === undefined) {
      // All samples go to the left from here.
      const down = 2 ** (maxDepth - level);
      const leaf = node * down + (down - 1) - splitsOf(trees);
      const first = (tree * leavesOf(trees) + leaf) * width;
      const divisor = weight + lambda;
      for (let k = 0; k < width; k++) {
        trees.leaves[first + k] = divisor > 0 ? (shrinkage * pulled(total[k] ?? NaN)) / divisor : 0;
      }
      return;
    }
    const place = tree * splitsOf(trees) + node;
    trees.features[place] = split.feature;
    trees.thresholds[place] = bins.thresholds[split.feature]?.[split.bin] ?? NaN;
    const codes = bins.codes[split.feature] ?? new Uint8Array();
    // Those that go to the left first, each side in its order.
    const part = rows.slice(from, to);
    const left = part.filter((row) => (codes[row] ?? 0) <= split.bin);
    rows.set(left, from);
    rows.set(
      part.filter((row) => (codes[row] ?? 0) > split.bin),
      from + left.length,
    );
    grow(2 * node + 1, level + 1, from, from + left.length);
    grow(2 * node + 2, level + 1, from + left.length, to);
  };
  grow(0, 0, 0, rows.length);
}
