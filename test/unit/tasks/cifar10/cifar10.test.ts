import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect } from "chai";

import { cifar10 } from "../../../../src/tasks/cifar10/cifar10.ts";
import { cifarImages } from "../../../../src/tasks/cifar10/files.ts";
import type { DataPart } from "../../../../src/tasks/data-loader.ts";
import { useBackend } from "../../../../src/learning/tfjs/backend.ts";
import { folderOf, userErrorOf } from "../folder.ts";
import { generatedArchive, generatedBatch, planeValue } from "./generated.ts";

const open = (folder: string | undefined, part: DataPart = "train") => cifarImages.open({}, folder, part);
const batches = {
  "data_batch_1.bin": generatedBatch(12),
  "data_batch_2.bin": generatedBatch(8, 12),
  "test_batch.bin": generatedBatch(4, 20),
};
const inArchive = Object.fromEntries(
  Object.entries(batches).map(([name, bytes]) => [`cifar-10-batches-bin/${name}`, bytes]),
);
const ARCHIVE = "cifar-10-binary.tar.gz";

describe("loading CIFAR-10, from generated files", () => {
  for (const [place, files] of [
    ["a folder", batches],
    ["the folder that the archive unpacks to", inArchive],
    ["the archive as it was downloaded", { [ARCHIVE]: generatedArchive(inArchive) }],
  ] as const) {
    it(`finds all batches in order, in ${place}`, async () => {
      await using folder = await folderOf(files);
      const train = await open(folder.path);
      expect([...train.targets]).to.deep.equal([...Array(20).keys()].map((number) => number % 10));
      expect([...(await open(folder.path, "test")).targets]).to.deep.equal([0, 1, 2, 3]);
      const { shape, inputs, targets, scale } = await train.read(Uint32Array.of(13, 0));
      expect({ shape, scale, targets: [...targets] }).to.deep.equal({
        shape: [32, 32, 3],
        scale: 1 / 255,
        targets: [3, 0],
      });
      // Channels of a pixel are beside each other, where the file has planes.
      expect([...inputs.subarray(0, 3)]).to.deep.equal([0, 1, 2].map((channel) => planeValue(13, channel)));
      const pixel = 3072 + 3 * (2 * 32 + 5);
      expect([...inputs.subarray(pixel, pixel + 6)]).to.deep.equal([250, 251, 252, 0, 1, 2]);
    });
  }

  it("writes shards that it opens again, the records as they were", async () => {
    await using folder = await folderOf(batches);
    await using to = await folderOf();
    const shards = [Uint32Array.of(5, 19, 2), Uint32Array.of(2, 7)].map((numbers, index) => ({
      folder: join(to.path, String(index)),
      numbers,
    }));
    for (const shard of shards) await mkdir(shard.folder);
    const set = await open(folder.path);
    await set.write!(shards);
    for (const { folder: own, numbers } of shards) {
      const written = await open(own);
      expect(await written.read(Uint32Array.from(numbers.keys()))).to.deep.equal(await set.read(numbers));
      expect(written.targets).to.have.lengthOf(numbers.length);
    }
  });

  it("says where the data are to come from when no folder is named, or nothing is in it", async () => {
    await using empty = await folderOf();
    for (const folder of [undefined, empty.path, join(empty.path, "none")]) {
      expect((await userErrorOf(open(folder))).code).to.equal("data-missing");
    }
    await using noTest = await folderOf({ "data_batch_1.bin": generatedBatch(1) });
    expect((await userErrorOf(open(noTest.path, "test"))).message).to.contain("test_batch.bin");
  });

  it("refuses a gap among the batches", async () => {
    await using folder = await folderOf({
      "data_batch_1.bin": generatedBatch(1),
      "data_batch_3.bin": generatedBatch(1),
    });
    expect((await userErrorOf(open(folder.path))).message).to.contain("no file data_batch_2.bin");
  });

  const wrongLabel = generatedBatch(3);
  wrongLabel[3073] = 10;
  const archive = generatedArchive(inArchive);
  for (const { what, name, bytes, says } of [
    { what: "a broken record", name: "data_batch_2.bin", bytes: generatedBatch(2).subarray(0, -1), says: "6145 bytes" },
    { what: "an empty file", name: "data_batch_2.bin", bytes: Buffer.alloc(0), says: "0 bytes" },
    { what: "a label that is none", name: "data_batch_2.bin", bytes: wrongLabel, says: "record 1" },
  ]) {
    it(`refuses ${what}, naming file and record`, async () => {
      await using folder = await folderOf({ "data_batch_1.bin": generatedBatch(1), [name]: bytes });
      const error = await userErrorOf(open(folder.path));
      expect(error.code).to.equal("data-malformed");
      expect(error.message).to.contain(join(folder.path, name)).and.contain(says);
    });
  }

  for (const { what, bytes, code } of [
    { what: "breaks off", bytes: archive.subarray(0, archive.length / 2), code: "data-malformed" },
    { what: "is none", bytes: generatedBatch(1), code: "data-malformed" },
    {
      what: "holds other files",
      bytes: generatedArchive({ data_batch_1: Buffer.from("pickle") }),
      code: "data-missing",
    },
    { what: "claims a huge file", bytes: generatedArchive({ x: Buffer.alloc(2 ** 26 + 1) }), code: "data-malformed" },
  ]) {
    it(`refuses an archive that ${what}`, async () => {
      await using folder = await folderOf();
      await writeFile(join(folder.path, ARCHIVE), bytes);
      const error = await userErrorOf(open(folder.path));
      expect(error.code).to.equal(code);
      expect(error.message).to.contain(ARCHIVE);
    });
  }
});

describe("the task cifar10", function () {
  this.timeout(30_000);

  it("has the model of colearn's Keras example, and the defaults of its training", async () => {
    await useBackend("cpu");
    const { weights } = await cifar10.createModel({}, 42);
    expect(Object.fromEntries(weights.tensors.map(({ name, shape }) => [name, shape.join()]))).to.include({
      "Conv1_1/kernel": "5,5,3,32",
      "fc1/kernel": "1024,64",
      "fc2/kernel": "64,10",
    });
    expect(weights.tensors.reduce((sum, { data }) => sum + data.length, 0)).to.equal(145_578);
    expect(cifar10.defaults).to.deep.equal({ learningRate: 0.001, batchSize: 32, stepsPerProposal: 100 });
  });
});
