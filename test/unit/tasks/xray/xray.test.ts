import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import { expect } from "chai";
import sharp from "sharp";

import { useBackend } from "../../../../src/learning/tfjs/backend.ts";
import type { DataPart } from "../../../../src/tasks/data-loader.ts";
import { createTaskLearner } from "../../../../src/tasks/task-learner.ts";
import { decodeGrey, loadDecoder } from "../../../../src/tasks/xray/decode.ts";
import { xrayImages } from "../../../../src/tasks/xray/images.ts";
import { xray } from "../../../../src/tasks/xray/xray.ts";
import { folderOf, userErrorOf } from "../folder.ts";
import { generatedXray, generatedXrays } from "./generated.ts";

const open = (folder: string | undefined, part: DataPart = "train") => xrayImages.open({}, folder, part);
const flat = (level: number, options: { width?: number; height?: number; channels?: 3 | 4 } = {}) => {
  const { width = 40, height = 30, channels = 3 } = options;
  return sharp({ create: { width, height, channels, background: { r: level, g: level, b: level, alpha: 0.5 } } });
};

describe("loading X-rays, from generated images", () => {
  it("numbers the images of both folders by their names, wherever they are in them", async () => {
    await using folder = await folderOf({
      "NORMAL/b.jpeg": await flat(20).jpeg().toBuffer(),
      "NORMAL/a.PNG": await flat(10).png().toBuffer(),
      "NORMAL/._a.png": "of macOS",
      "NORMAL/notes.txt": "of nobody",
      "PNEUMONIA/virus/1.jpg": await flat(40).jpeg().toBuffer(),
      "PNEUMONIA/bacteria/2.jpg": await flat(30).jpeg().toBuffer(),
    });
    const set = await open(folder.path);
    expect([...set.targets]).to.deep.equal([0, 0, 1, 1]);
    const { shape, scale, inputs, targets } = await set.read(Uint32Array.of(3, 0, 2));
    expect({ shape, scale }).to.deep.equal({ shape: [128, 128, 1], scale: 1 / 255 });
    expect([...targets]).to.deep.equal([1, 0, 1]);
    expect([0, 1, 2].map((place) => inputs[place * 128 * 128 + 5000])).to.deep.equal([40, 10, 30]);
  });

  it("takes the subfolder of the part, where there is one", async () => {
    const [one, two] = [await flat(1).png().toBuffer(), await flat(2).png().toBuffer()];
    await using folder = await folderOf({
      "train/NORMAL/1.png": one,
      "train/PNEUMONIA/1.png": one,
      "test/NORMAL/1.png": two,
      "test/PNEUMONIA/1.png": two,
      "test/PNEUMONIA/2.png": two,
    });
    expect((await open(folder.path)).targets).to.have.lengthOf(2);
    expect((await open(folder.path, "test")).targets).to.have.lengthOf(3);
  });

  it("makes one grey byte a pixel of colours, transparency and 16 bits", async () => {
    const deep = sharp(
      Uint16Array.from({ length: 64 }, () => 100 * 257),
      { raw: { width: 8, height: 8, channels: 1 } },
    );
    await using folder = await folderOf({
      "1.png": await flat(100, { channels: 4 }).png().toBuffer(),
      "2.png": await flat(100).jpeg().toBuffer(),
      "3.png": await deep.toColourspace("grey16").png().toBuffer(),
    });
    const files = ["1.png", "2.png", "3.png"].map((name) => join(folder.path, name));
    const bytes = await decodeGrey(files, 16, await loadDecoder());
    expect(bytes).to.have.lengthOf(3 * 256);
    for (const byte of bytes) expect(byte).to.be.within(99, 101);
  });

  it("writes shards that it opens again, though two images have the same name", async () => {
    await using folder = await folderOf({
      "NORMAL/x/1.png": await flat(10).png().toBuffer(),
      "NORMAL/y/1.png": await flat(20).png().toBuffer(),
      "PNEUMONIA/1.png": await flat(30).png().toBuffer(),
    });
    await using to = await folderOf();
    const shard = { folder: join(to.path, "0"), numbers: Uint32Array.of(0, 1, 2) };
    await mkdir(shard.folder);
    const set = await open(folder.path);
    await set.write!([shard]);
    const written = await open(shard.folder);
    expect(await written.read(shard.numbers)).to.deep.equal(await set.read(shard.numbers));
  });

  it("says what is missing", async () => {
    await using folder = await folderOf({ "NORMAL/1.png": "", "PNEUMONIA/readme.txt": "" });
    expect((await userErrorOf(open(folder.path))).message).to.contain("no JPEG or PNG file in");
    expect((await userErrorOf(open(join(folder.path, "NORMAL")))).message).to.contain("no folder NORMAL in");
    for (const none of [undefined, join(folder.path, "none")]) {
      expect((await userErrorOf(open(none))).code).to.equal("data-missing");
    }
  });

  it("names the first bad file of the folder, in whatever order images are wanted", async () => {
    const good = await flat(1).png().toBuffer();
    const names = [...Array(12).keys()].map((number) => `NORMAL/${String(number).padStart(2, "0")}.png`);
    const files = Object.fromEntries(names.map((name) => [name, good]));
    await using folder = await folderOf({
      ...files,
      "NORMAL/05.png": good.subarray(0, 60),
      "NORMAL/07.png": "text",
      "PNEUMONIA/1.png": "text",
    });
    const set = await open(folder.path);
    for (const numbers of [[7, 2, 5, 11], [...Array(13).keys()].reverse()]) {
      const error = await userErrorOf(set.read(Uint32Array.from(numbers)));
      expect(error.code).to.equal("data-malformed");
      expect(error.message).to.contain(join(folder.path, "NORMAL/05.png")).and.not.contain("\n");
    }
  });

  it("decodes nothing but JPEG and PNG whatever a file is called, and no image of too many pixels", async () => {
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>`;
    for (const bytes of [
      svg,
      await flat(1).webp().toBuffer(),
      await flat(1).tiff().toBuffer(),
      await flat(1).gif().toBuffer(),
      await flat(1, { width: 8193, height: 8193 }).png().toBuffer(),
    ]) {
      await using folder = await folderOf({ "1.png": bytes });
      const error = await userErrorOf(decodeGrey([join(folder.path, "1.png")], 16, await loadDecoder()));
      expect(error.message).to.contain("1.png cannot be decoded");
    }
  }).timeout(30_000);

  it("says in one line that sharp is not there", async () => {
    const error = await userErrorOf(loadDecoder(() => Promise.reject(new Error("Cannot find package 'sharp'"))));
    expect(error).to.include({ code: "sharp-missing", remedy: "npm install --include=optional sharp" });
  });
});

describe("the task xray", function () {
  this.timeout(60_000);

  it("has the model and the defaults of colearn's examples", async () => {
    await useBackend("wasm");
    const { weights } = await xray.createModel({}, 42);
    expect(weights.tensors.reduce((sum, { data }) => sum + data.length, 0)).to.equal(19_265);
    expect(xray.defaults).to.deep.equal({ learningRate: 0.001, batchSize: 8, stepsPerProposal: 40 });
    expect(xray.metric).to.deep.include({ name: "auc", direction: "maximise" });
  });

  it("trains on generated images, moving statistics among the weights, and scores by the area under the curve", async () => {
    await using folder = await folderOf({
      ...(await generatedXrays(8)),
      "NORMAL/another.png": await generatedXray(99, "NORMAL", "png"),
    });
    const { learner } = await createTaskLearner({
      task: "xray",
      params: { stepsPerProposal: 2 },
      shard: { dataDir: folder.path, index: 0, learners: 1, split: "iid", seed: 1, trainRatio: 0.3 },
      ...{ seed: 42, metric: xray.metric, backend: "wasm" },
    });
    const before = await learner.currentWeights();
    const proposal = await learner.proposeWeights(1);
    for (const [index, { name, data }] of proposal.tensors.entries()) {
      expect(data, name).not.to.deep.equal(before.tensors[index]!.data);
    }
    const { voteScore, testScore } = await learner.testWeights(proposal);
    for (const score of [voteScore, testScore]) expect(score).to.be.within(0, 1);
    await learner.dispose();
  });
});
