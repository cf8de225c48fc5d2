/** A learner's shard of a data set: which part of which data is whose, the same for all without a word to the others. */
import { UserError } from "../errors.ts";
import { sampleSize, type Samples, type Splits } from "../learning/samples.ts";
import type { DataLoader } from "./data-loader.ts";
import { splitSamples, splitShard, type SplitKind } from "./split.ts";
import type { TaskParams } from "./task.ts";

export interface ShardOptions {
  /** Folder with the task's files; without it the task's own source, if it has one. */
  readonly dataDir?: string | undefined;
  /** Folder with test data: then the whole test split comes from there, the same for every learner. */
  readonly testDir?: string | undefined;
  /** The learner's number, from 0, among `learners`. */
  readonly index: number;
  readonly learners: number;
  readonly split: SplitKind;
  /** Shards of different learners are disjoint when all use the same seed, split and number of learners. */
  readonly seed: number;
  /** Share of the shard that is trained on. Voting and testing share the rest alike. */
  readonly trainRatio: number;
}

/**
 * Loads a learner's splits. Only the samples of its shard are read and kept.
 * @throws UserError `shard-options`, `train-ratio`, `shard-too-small`, or what the loader throws
 */
export async function loadShard(loader: DataLoader, params: TaskParams, options: ShardOptions): Promise<Splits> {
  checkShardOptions(options);
  requireSplit(loader, params, options.split);
  const { dataDir, testDir, index, learners, split, seed, trainRatio } = options;
  const set = await loader.open(params, dataDir, "train");
  const testSet = testDir === undefined ? undefined : await loader.open(params, testDir, "test");
  const shard = splitSamples(set.targets, learners, split, seed)[index] ?? new Uint32Array();
  const places = splitShard(shard, trainRatio, testSet === undefined);
  // Once: a file of a gigabyte is not read three times.
  const samples = await set.read(shard);
  let from = 0;
  const next = ({ length }: Uint32Array) => part(samples, from, (from += length));
  const train = next(places.train);
  const vote = next(places.vote);
  const test = testSet ? await testSet.read(Uint32Array.from(testSet.targets.keys())) : next(places.test);
  const change = loader.fit?.(params, train);
  for (const one of [train, vote, test]) change?.(one);
  return { train, vote, test };
}

/** Consecutive samples, without copying them. */
function part({ shape, inputs, scale, targets }: Samples, from: number, to: number): Samples {
  const size = sampleSize(shape);
  return { shape, inputs: inputs.subarray(from * size, to * size), scale, targets: targets.subarray(from, to) };
}

/** @throws UserError `split` where samples are to be split by classes and have none */
export function requireSplit(loader: DataLoader, params: TaskParams, split: SplitKind): void {
  if (split === "iid" || loader.sample(params).classes !== undefined) return;
  throw new UserError("split", `the samples of ${loader.name} have values, not classes, so no split ${split} of them`, {
    remedy: "use the split iid",
  });
}

/** @throws UserError `shard-options` when the numbers make no sense */
function checkShardOptions({ index, learners }: ShardOptions): void {
  if (!Number.isInteger(learners) || learners < 1) {
    throw new UserError("shard-options", `data are split among 1 learner or more, not ${learners}`);
  }
  if (!Number.isInteger(index) || index < 0 || index >= learners) {
    throw new UserError(
      "shard-options",
      `the shards of ${learners} learners are numbered 0 to ${learners - 1}, not ${index}`,
    );
  }
}
