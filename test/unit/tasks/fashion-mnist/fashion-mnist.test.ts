import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import { expect } from "chai";

import { DEBIAN_FOLDER, fashionImages, fashionMnist } from "../../../../src/tasks/fashion-mnist/fashion-mnist.ts";
import { encodeIdx } from "../../../../src/tasks/mnist/idx.ts";
import { mnist } from "../../../../src/tasks/mnist/mnist.ts";
import { folderOf, userErrorOf } from "../folder.ts";

/** Generated images in the true format: image n is filled with n. */
const images = encodeIdx(
  [20, 28, 28],
  Uint8Array.from({ length: 20 * 784 }, (_, index) => Math.floor(index / 784)),
);
const labels = encodeIdx(
  [20],
  Uint8Array.from({ length: 20 }, (_, index) => index % 10),
);
const files = { "train-images-idx3-ubyte": images, "train-labels-idx1-ubyte": labels };

describe("loading Fashion-MNIST, from generated files", () => {
  it("reads the IDX files of a folder", async () => {
    await using folder = await folderOf(files);
    const set = await fashionImages.open({}, folder.path, "train");
    const { inputs, targets, shape } = await set.read(Uint32Array.of(17, 3));
    expect({ shape, targets: [...targets] }).to.deep.equal({ shape: [28, 28, 1], targets: [7, 3] });
    expect([inputs[0], inputs[783], inputs[784]]).to.deep.equal([17, 17, 3]);
  });

  it("writes shards that it opens again", async () => {
    await using folder = await folderOf(files);
    await using to = await folderOf();
    const shards = [Uint32Array.of(9, 4), Uint32Array.of(0, 19, 7)].map((numbers, index) => ({
      folder: join(to.path, String(index)),
      numbers,
    }));
    for (const shard of shards) await mkdir(shard.folder);
    const set = await fashionImages.open({}, folder.path, "train");
    await set.write!(shards);
    for (const { folder: own, numbers } of shards) {
      const written = await fashionImages.open({}, own, "train");
      expect(await written.read(Uint32Array.from(numbers.keys()))).to.deep.equal(await set.read(numbers));
    }
  });

  it("takes Debian's package without a folder, or says that it is not there", async () => {
    const own = fashionImages.open({}, undefined, "train");
    if (existsSync(DEBIAN_FOLDER)) expect((await own).targets).to.have.lengthOf(60_000);
    else expect((await userErrorOf(own)).remedy).to.contain("dataset-fashion-mnist");
  });
});

describe("the task fashion-mnist", () => {
  it("has the model of the task mnist, and its defaults", () => {
    expect(fashionMnist.model).to.equal(mnist.model);
    expect(fashionMnist.defaults).to.deep.equal(mnist.defaults);
  });
});
