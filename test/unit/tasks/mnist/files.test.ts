import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { expect } from "chai";

import { UserError } from "../../../../src/errors.ts";
import type { Samples, Splits } from "../../../../src/learning/samples.ts";
import { mnistImages, packagedFolder } from "../../../../src/tasks/mnist/files.ts";
import { loadShard as load, type ShardOptions } from "../../../../src/tasks/shard.ts";

const loadShard = (options: ShardOptions): Promise<Splits> => load(mnistImages, {}, options);
const options: ShardOptions = { index: 0, learners: 5, split: "iid", seed: 42, trainRatio: 0.9 };

function countsOf(splits: Splits): number[] {
  return [splits.train, splits.vote, splits.test].map((samples) => samples?.targets.length ?? 0);
}

function classCounts({ targets }: Samples): number[] {
  const counts = new Array<number>(10).fill(0);
  for (const target of targets) counts[target]! += 1;
  return counts;
}

async function userErrorOf(promise: Promise<unknown>): Promise<UserError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).to.be.instanceOf(UserError);
  return error as UserError;
}

describe("loading MNIST", function () {
  this.timeout(30_000);
  let folder: string;
  before(async () => (folder = await mkdtemp(join(tmpdir(), "mnist-"))));
  after(() => rm(folder, { recursive: true }));

  it("cuts the 60 000 training images into disjoint shards of 12 000 that hold all of them", async () => {
    const found = new Map<string, number>();
    const labels = new Array<number>(10).fill(0);
    for (let index = 0; index < 5; index++) {
      const splits = await loadShard({ ...options, index });
      expect(countsOf(splits)).to.deep.equal([10_800, 600, 600]);
      for (const { inputs, targets } of [splits.train, splits.vote, splits.test!]) {
        for (const [row, target] of targets.entries()) {
          labels[target]! += 1;
          const image = Buffer.from(inputs.subarray(row * 784, (row + 1) * 784) as Uint8Array).toString("latin1");
          found.set(image, (found.get(image) ?? 0) + 1);
        }
      }
    }
    // As published. No two of MNIST's training images are equal, so that 60 000 different ones are all of them.
    expect(labels).to.deep.equal([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
    expect(found.size).to.equal(60_000);
  });

  it("keeps images with their labels", async () => {
    const { vote } = await loadShard(options);
    const images = await readFile(join(packagedFolder(), "train-images-idx3-ubyte"));
    const labels = await readFile(join(packagedFolder(), "train-labels-idx1-ubyte"));
    for (const row of [0, 17, 599]) {
      const place = images.indexOf(vote.inputs.subarray(row * 784, (row + 1) * 784) as Uint8Array);
      expect((place - 16) % 784).to.equal(0);
      expect(vote.targets[row]).to.equal(labels[8 + (place - 16) / 784]);
    }
  });

  it("keeps a byte a pixel, and the shard only", async () => {
    const { train } = await loadShard(options);
    expect(train.inputs).to.be.instanceOf(Uint8Array);
    expect(train.inputs.buffer.byteLength).to.equal(12_000 * 784);
    expect(train).to.deep.include({ shape: [28, 28, 1], scale: 1 / 255 });
  });

  it("label-skew: mostly two digits a learner, and a little of all others", async () => {
    const { train } = await loadShard({ ...options, split: "label-skew", index: 3 });
    const sorted = classCounts(train).sort((a, b) => b - a);
    expect((sorted[0]! + sorted[1]!) / train.targets.length).to.be.within(0.8, 0.88);
    expect(sorted[9]).to.be.greaterThan(100);
  });

  it("gives the same shard from a folder of gzip'ed files under the other usual names", async () => {
    const images = await readFile(join(packagedFolder(), "train-images-idx3-ubyte"));
    const labels = await readFile(join(packagedFolder(), "train-labels-idx1-ubyte"));
    await writeFile(join(folder, "train-images.idx3-ubyte.gz"), gzipSync(images, { level: 1 }));
    await writeFile(join(folder, "train-labels.idx1-ubyte"), labels);
    expect((await loadShard({ ...options, dataDir: folder, index: 4 })).vote).to.deep.equal(
      (await loadShard({ ...options, index: 4 })).vote,
    );
  });

  it("takes the test split from the test folder, the same 10 000 images for everyone", async () => {
    const splits = await loadShard({ ...options, testDir: packagedFolder() });
    expect(countsOf(splits)).to.deep.equal([10_800, 1200, 10_000]);
    expect(classCounts(splits.test!)).to.deep.equal([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]);
  });

  describe("refuses", () => {
    it("a data folder that is not there, naming it", async () => {
      const error = await userErrorOf(loadShard({ ...options, dataDir: join(folder, "nowhere") }));
      expect(error.code).to.equal("data-missing");
      expect(error.message).to.contain(join(folder, "nowhere"));
    });

    it("a test folder that is not there, naming it", async () => {
      const error = await userErrorOf(loadShard({ ...options, testDir: join(folder, "nowhere") }));
      expect(error.message).to.contain(join(folder, "nowhere"));
    });

    it("a folder without one of the files, naming both", async () => {
      const empty = await mkdtemp(join(folder, "empty-"));
      await symlink(join(packagedFolder(), "train-images-idx3-ubyte"), join(empty, "train-images-idx3-ubyte"));
      const error = await userErrorOf(loadShard({ ...options, dataDir: empty }));
      expect(error.code).to.equal("data-missing");
      expect(error.message).to.contain("train-labels-idx1-ubyte").and.contain(empty);
    });

    it("images and labels that do not belong together", async () => {
      const mixed = await mkdtemp(join(folder, "mixed-"));
      await symlink(join(packagedFolder(), "t10k-images-idx3-ubyte"), join(mixed, "train-images-idx3-ubyte"));
      await symlink(join(packagedFolder(), "t10k-labels-idx1-ubyte"), join(mixed, "t10k-labels-idx1-ubyte"));
      await symlink(join(packagedFolder(), "train-images-idx3-ubyte"), join(mixed, "t10k-images-idx3-ubyte"));
      const error = await userErrorOf(loadShard({ ...options, testDir: mixed }));
      expect(error.code).to.equal("data-malformed");
      expect(error.message).to.contain("60000 images of 28 × 28").and.contain("10000 labels");
    });

    it("labels that are no digits", async () => {
      const wrong = await mkdtemp(join(folder, "wrong-"));
      const labels = await readFile(join(packagedFolder(), "train-labels-idx1-ubyte"));
      labels[8 + 5] = 10;
      await writeFile(join(wrong, "train-labels-idx1-ubyte"), labels);
      await symlink(join(packagedFolder(), "train-images-idx3-ubyte"), join(wrong, "train-images-idx3-ubyte"));
      expect((await userErrorOf(loadShard({ ...options, dataDir: wrong }))).message)
        .to.contain("label 5")
        .and.contain("is 10");
    });

    it("a learner's number that is none, and more learners than images", async () => {
      expect((await userErrorOf(loadShard({ ...options, index: 5 }))).code).to.equal("shard-options");
      expect((await userErrorOf(loadShard({ ...options, learners: 0 }))).code).to.equal("shard-options");
      expect((await userErrorOf(loadShard({ ...options, learners: 50_000 }))).code).to.equal("shard-too-small");
    });
  });
});
