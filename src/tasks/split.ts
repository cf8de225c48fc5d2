/**
 * Who gets which samples: disjoint shards for learners, and each shard's train, vote and test splits. All of it depends
 * on the seed only, so that every learner cuts the same shards without a word to the others.
 */
import { UserError } from "../errors.ts";
import type { Random } from "../learning/random.ts";
import { permutation, randomFrom, shuffle } from "../learning/random.ts";
import type { Samples } from "../learning/samples.ts";

export type SplitKind = "iid" | "label-skew";

export const splitKinds: readonly SplitKind[] = ["iid", "label-skew"];

/** In the label-skew split, the share of each class that is dealt to all learners alike. */
const COMMON_SHARE = 0.2;
/** In the label-skew split, how many classes are a learner's own. */
const DOMINANT_CLASSES = 2;

/**
 * Cuts the samples with these labels into disjoint shards that together hold all of them.
 *
 * - `iid`: all samples in random order, cut into `learners` equal parts (sizes differ by at most one).
 * - `label-skew`: the classes are put in random order and learner i gets two dominant ones, those at places 2i and
 *   2i + 1, counted round and round when there are fewer classes than that. Of each class's samples, in random order, a
 *   fifth is dealt to all learners in equal parts; the rest goes in equal parts to the learners for which the class is
 *   dominant, or to all if there is none. So every learner sees every class, and, with ten classes and five learners, two
 *   of them make up 84 % of its shard.
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
  return splitByLabel(labels, learners, random);
}

function splitByLabel(labels: Samples["targets"], learners: number, random: Random): Uint32Array[] {
  let classes = 1;
  for (const label of labels) classes = Math.max(classes, label + 1);
  const order = permutation(classes, random);
  const dominants = Array.from({ length: learners }, (_, learner) =>
    Array.from({ length: DOMINANT_CLASSES }, (_, place) => order[(DOMINANT_CLASSES * learner + place) % classes]),
  );
  const everyone = [...dominants.keys()];
  const shards: number[][] = everyone.map(() => []);
  for (let label = 0; label < classes; label++) {
    const samples = shuffle(indicesOf(labels, label), random);
    const common = Math.ceil(samples.length * COMMON_SHARE);
    const owners = everyone.filter((learner) => dominants[learner]?.includes(label));
    deal(samples.subarray(0, common), everyone, shards, label);
    deal(samples.subarray(common), owners.length > 0 ? owners : everyone, shards, label);
  }
  return shards.map((shard) => shuffle(Uint32Array.from(shard), random));
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
