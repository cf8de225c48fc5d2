/**
 * Who gets which samples: disjoint shards for learners, and each shard's train, vote and test splits. All of it depends
 * on the seed only, so that every learner cuts the same shards without a word to the others.
 */
import { UserError } from "../errors.ts";
import type { Random } from "../learning/random.ts";
import { permutation, randomFrom, shuffle } from "../learning/random.ts";
import type { Samples } from "../learning/samples.ts";

export type SplitKind = "iid" | "label-skew" | "dirichlet";

export const splitKinds: readonly SplitKind[] = ["iid", "label-skew", "dirichlet"];

/** In the label-skew split, the share of each class that is dealt to all learners alike. */
const COMMON_SHARE = 0.2;
/** In the label-skew split, how many classes are a learner's own. */
const DOMINANT_CLASSES = 2;
/** In the Dirichlet split, the concentration: 0.5 is what papers mostly use, and the smaller the more uneven. */
const ALPHA = 0.5;
/** In the Dirichlet split, how many samples every learner gets, where there are twice as many. */
const LEAST_SAMPLES = 10;

/**
 * Cuts the samples with these labels into disjoint shards that together hold all of them.
 *
 * - `iid`: all samples in random order, cut into `learners` equal parts (sizes differ by at most one).
 * - `label-skew`: the classes are put in random order and learner i gets two dominant ones, those at places 2i and
 *   2i + 1, counted round and round when there are fewer classes than that. Of each class's samples, in random order, a
 *   fifth is dealt to all learners in equal parts; the rest goes in equal parts to the learners for which the class is
 *   dominant, or to all if there is none. So every learner sees every class, and, with ten classes and five learners, two
 *   of them make up 84 % of its shard.
 * - `dirichlet`: of each class, in random order, learners get shares that are drawn from a symmetric Dirichlet distribution
 *   of concentration 0.5 (Hsu, Qi and Brown 2019, https://arxiv.org/abs/1909.06335), so that classes and sizes of shards
 *   are uneven. Learners left with fewer than ten samples are then given some of the largest shards'.
 *
 * @returns the sample numbers of each learner's shard, in random order
 */
export function splitSamples(
  labels: Samples["targets"],
  learners: number,
  kind: SplitKind,
  seed: number,
): Uint32Array[] {
  const random = randomFrom("split", kind, seed);
  if (kind === "iid") return cut(permutation(labels.length, random), learners);
  let classes = 1;
  for (const label of labels) classes = Math.max(classes, label + 1);
  const samples = Array.from({ length: classes }, (_, label) => indicesOf(labels, label));
  const shards = kind === "label-skew" ? skew(samples, learners, random) : drawShares(samples, learners, random);
  return shards.map((shard) => shuffle(Uint32Array.from(shard), random));
}

/** @param classes numbers of the samples of each class */
function skew(classes: readonly Uint32Array[], learners: number, random: Random): number[][] {
  const order = permutation(classes.length, random);
  const dominants = Array.from({ length: learners }, (_, learner) =>
    Array.from(
      { length: DOMINANT_CLASSES },
      (_, place) => order[(DOMINANT_CLASSES * learner + place) % classes.length],
    ),
  );
  const everyone = [...dominants.keys()];
  const shards: number[][] = everyone.map(() => []);
  for (const [label, ofClass] of classes.entries()) {
    const samples = shuffle(ofClass, random);
    const common = Math.ceil(samples.length * COMMON_SHARE);
    const owners = everyone.filter((learner) => dominants[learner]?.includes(label));
    deal(samples.subarray(0, common), everyone, shards, label);
    deal(samples.subarray(common), owners.length > 0 ? owners : everyone, shards, label);
  }
  return shards;
}

/** @param classes numbers of the samples of each class */
function drawShares(classes: readonly Uint32Array[], learners: number, random: Random): number[][] {
  const shards: number[][] = Array.from({ length: learners }, () => []);
  let count = 0;
  for (const ofClass of classes) {
    const samples = shuffle(ofClass, random);
    const weights = shards.map(() => gamma(ALPHA, random));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    count += samples.length;
    let sum = 0;
    for (const [learner, shard] of shards.entries()) {
      const from = Math.round((sum / total) * samples.length);
      sum += weights[learner] ?? 0;
      const to = learner === learners - 1 ? samples.length : Math.round((sum / total) * samples.length);
      for (const sample of samples.subarray(from, to)) shard.push(sample);
    }
  }
  feed(shards, Math.min(LEAST_SAMPLES, Math.floor(count / learners / 2)), random);
  return shards;
}

/** Has every shard hold so many samples, which come at random from whichever is largest. */
function feed(shards: readonly number[][], least: number, random: Random): void {
  for (const shard of shards) {
    while (shard.length < least) {
      const largest = shards.reduce((best, other) => (other.length > best.length ? other : best));
      shard.push(...largest.splice(random.below(largest.length), 1));
    }
  }
}

/**
 * A draw from the gamma distribution of this shape (below 1) and scale 1: Marsaglia and Tsang, "A simple method for
 * generating gamma variables" (2000), with their boost from shape + 1.
 */
function gamma(shape: number, random: Random): number {
  const d = shape + 1 - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  // 1 - next() is never 0, whose logarithm is infinite.
  const uniform = () => 1 - random.next();
  for (;;) {
    const normal = Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
    const v = (1 + c * normal) ** 3;
    if (v <= 0 || Math.log(uniform()) >= 0.5 * normal ** 2 + d * (1 - v + Math.log(v))) continue;
    // Never 0, so that shares are never 0 / 0.
    return Math.max(d * v * uniform() ** (1 / shape), Number.MIN_VALUE);
  }
}

/** Gives the samples to the receivers in equal parts. The first place moves, so that nobody gets all the odd ones. */
function deal(samples: Uint32Array, receivers: readonly number[], shards: number[][], first: number): void {
  for (const [place, part] of cut(samples, receivers.length).entries()) {
    const receiver = receivers[(first + place) % receivers.length] ?? 0;
    for (const sample of part) shards[receiver]?.push(sample);
  }
}

function indicesOf(labels: Samples["targets"], label: number): Uint32Array {
  const indices: number[] = [];
  for (const [index, other] of labels.entries()) if (other === label) indices.push(index);
  return Uint32Array.from(indices);
}

/** Consecutive parts whose sizes differ by at most one. */
function cut(items: Uint32Array, parts: number): Uint32Array[] {
  return Array.from({ length: parts }, (_, part) =>
    items.subarray(Math.floor((part * items.length) / parts), Math.floor(((part + 1) * items.length) / parts)),
  );
}

export interface ShardSplits {
  readonly train: Uint32Array;
  readonly vote: Uint32Array;
  readonly test: Uint32Array;
}

/**
 * Cuts a shard: the first `trainRatio` of it for training; of the rest one half for voting and the other for testing, or
 * all for voting when the test samples come from elsewhere (`ownTest` false).
 * @throws UserError `train-ratio`, or `shard-too-small` when a split would be empty
 */
export function splitShard(shard: Uint32Array, trainRatio: number, ownTest: boolean): ShardSplits {
  if (!(trainRatio > 0 && trainRatio < 1)) {
    throw new UserError("train-ratio", `the train ratio is more than 0 and less than 1, not ${trainRatio}`);
  }
  // Rounding to a millionth first: 0.9 * 10 must not lose a sample to binary fractions.
  const trainEnd = Math.floor(Number((shard.length * trainRatio).toFixed(6)));
  const voteEnd = ownTest ? trainEnd + Math.floor((shard.length - trainEnd) / 2) : shard.length;
  const splits = {
    train: shard.subarray(0, trainEnd),
    vote: shard.subarray(trainEnd, voteEnd),
    test: shard.subarray(voteEnd),
  };
  const empty = (["train", "vote", "test"] as const).find(
    (name) => splits[name].length === 0 && (ownTest || name !== "test"),
  );
  if (empty !== undefined) {
    throw new UserError("shard-too-small", `a shard of ${shard.length} samples leaves none for the ${empty} split`, {
      remedy: "take fewer learners, more data or another train ratio",
    });
  }
  return splits;
}
