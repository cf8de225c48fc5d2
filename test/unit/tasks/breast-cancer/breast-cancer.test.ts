import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import { expect } from "chai";

import { useBackend } from "../../../../src/learning/tfjs/backend.ts";
import { breastCancer } from "../../../../src/tasks/breast-cancer/breast-cancer.ts";
import { tumourMeasurements } from "../../../../src/tasks/breast-cancer/measurements.ts";
import { folderOf, userErrorOf } from "../folder.ts";

const measured =
  "17.99,10.38,122.8,1001,0.1184,0.2776,0.3001,0.1471,0.2419,0.07871,1.095,0.9053,8.589,153.4,0.006399,0.04904,0.05373,0.01587,0.03003,0.006193,25.38,17.33,184.6,2019,0.1622,0.6656,0.7119,0.2654,0.4601,0.1189";
const names = Array.from({ length: 30 }, (_, feature) => `"m${feature}"`).join();
const all = (targets: { length: number }) => Uint32Array.from({ length: targets.length }, (_, sample) => sample);

async function read(name: string, text: string) {
  await using folder = await folderOf({ [name]: text });
  const set = await tumourMeasurements.open({}, folder.path, "train");
  return await set.read(all(set.targets));
}

describe("the data of breast-cancer", () => {
  it("are 569 tumours, 212 of them malignant, when no folder is named", async () => {
    const set = await tumourMeasurements.open({}, undefined, "train");
    expect([...set.targets].filter((target) => target === 1)).to.have.lengthOf(212);
    expect(set.targets).to.have.lengthOf(569);
    const { inputs } = await set.read(all(set.targets));
    for (let feature = 0; feature < 30; feature++) {
      const values = Array.from(inputs).filter((_, at) => at % 30 === feature);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      expect(mean, `mean of ${feature}`).to.be.closeTo(0, 0.02);
      const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
      expect(variance, `variance of ${feature}`).to.be.closeTo(1, 0.04);
    }
  });

  it("are read as UCI, scikit-learn and Kaggle have them, to the same samples", async () => {
    const uci = await read("wdbc.data", `842302,M,${measured}\n842517,B,${measured}\n`);
    expect([...uci.targets]).to.deep.equal([1, 0]);
    expect(uci.inputs[0]).to.be.closeTo((17.99 - 14.1) / 3.52, 1e-6);
    const sklearn = await read("breast_cancer.csv", `2,30,malignant,benign\n${measured},0\n${measured},1\n`);
    expect(sklearn).to.deep.equal(uci);
    const kaggle = await read("data.csv", `"id","diagnosis",${names},\n842302,M,${measured},\n842517,B,${measured},\n`);
    expect(kaggle).to.deep.equal(uci);
  });

  for (const [row, what] of [
    [`1,X,${measured}`, 'the diagnosis is "X", not M or B'],
    ["1,M,2,3", "it has 4 columns, not 32"],
    [`1,M,${measured.replace("1001", "many")}`, 'column 6 is "many", not a number'],
    [`1,M,${measured.replace("1001", "1e99")}`, 'column 6 is "1e99", not a number'],
    [`1,M,${measured.replace("1001", "")}`, 'column 6 is "", not a number'],
  ] as const) {
    it(`are refused by file and row: ${what}`, async () => {
      const { code, message } = await userErrorOf(read("wdbc.data", `842302,M,${measured}\n${row}\n`));
      expect(code).to.equal("data-malformed");
      expect(message).to.match(/^row 2 of .*wdbc\.data: /);
      expect(message).to.include(what);
    });
  }

  it("are refused when there are none", async () => {
    expect(await userErrorOf(read("other.csv", ""))).to.have.property("code", "data-missing");
    expect(await userErrorOf(read("wdbc.data", "\n"))).to.have.property("code", "data-malformed");
  });

  it("are written to folders that hold the same samples, in the order of the file", async () => {
    await using folder = await folderOf();
    const set = await tumourMeasurements.open({}, undefined, "train");
    const shards = [Uint32Array.of(5, 3, 568), Uint32Array.of(0)].map((numbers, index) => ({
      numbers,
      folder: join(folder.path, String(index)),
    }));
    for (const shard of shards) await mkdir(shard.folder);
    await set.write?.(shards);
    for (const { numbers, folder } of shards) {
      const written = await tumourMeasurements.open({}, folder, "train");
      expect(await written.read(all(written.targets))).to.deep.equal(await set.read(numbers.toSorted()));
    }
  });
});

describe("the task breast-cancer", () => {
  before(() => useBackend("wasm"));

  it("learns from the data that come with the program: nine of ten tumours are told after three proposals", async () => {
    const learner = await breastCancer.createLearner({
      params: {},
      shard: { index: 0, learners: 1, split: "iid", seed: 1, trainRatio: breastCancer.trainRatio },
      seed: 1,
      metric: { name: "accuracy", direction: "maximise", tolerance: 0 },
    });
    for (const round of [1, 2, 3]) await learner.acceptWeights(await learner.proposeWeights(round));
    const { testScore } = await learner.testWeights(await learner.currentWeights());
    expect(testScore).to.be.greaterThan(0.9);
    await learner.dispose();
  });
});
