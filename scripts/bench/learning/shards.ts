/** MNIST cut into shards as the nodes cut it, the test images being the same for everyone. */
import type { Samples, Splits } from "../../../src/learning/samples.ts";
import { mnistImages } from "../../../src/tasks/mnist/files.ts";
import { splitSamples, splitShard } from "../../../src/tasks/split.ts";
import type { Setting } from "./setting.ts";

const TRAIN_RATIO = 0.9;

/** Each learner's images, of which it trains on some and votes with others. */
export async function loadShards(setting: Setting, seed: number): Promise<Splits[]> {
  const { learners, split, trainImages, voteImages } = setting;
  const set = await mnistImages.open({}, undefined, "train");
  const shards: Splits[] = [];
  for (const shard of splitSamples(set.targets, learners, split, seed)) {
    const { train, vote } = splitShard(shard, TRAIN_RATIO, false);
    shards.push({
      train: await set.read(train.subarray(0, trainImages)),
      vote: await set.read(vote.subarray(0, voteImages)),
    });
  }
  return shards;
}

/** The first of the 10 000 test images, which are in random order. */
export async function loadTestImages(count: number): Promise<Samples> {
  const set = await mnistImages.open({}, undefined, "test");
  return set.read(Uint32Array.from(set.targets.keys()).subarray(0, count));
}
