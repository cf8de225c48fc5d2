import { expect } from "chai";

import { regression } from "../../../../src/tasks/regression/regression.ts";
import { valueTable } from "../../../../src/tasks/regression/values.ts";
import { folderOf, userErrorOf } from "../folder.ts";
import { generateValues } from "../generated-tables.ts";

const text = "rooms,price,age\n6,24,65\n5,21.5,78\n7,34,61\n";

async function read(files: Record<string, string>, params: { features?: number; target?: string }) {
  await using folder = await folderOf(files);
  const set = await valueTable.open(valueTable.params.parse(params), folder.path, "train");
  return await set.read(Uint32Array.of(1, 0));
}

describe("a table of values", () => {
  it("has the last column to predict, or the one that is named", async () => {
    const last = await read({ "houses.csv": text }, { features: 2 });
    expect([[...last.inputs], [...last.targets]]).to.deep.equal([
      [5, 21.5, 6, 24],
      [78, 65],
    ]);
    const named = await read({ "houses.csv": text }, { features: 2, target: "price" });
    expect([[...named.inputs], [...named.targets]]).to.deep.equal([
      [5, 78, 6, 65],
      [21.5, 24],
    ]);
  });

  for (const [what, files, params, message] of [
    ["no file", {}, {}, /there are no CSV files in .*, not one/],
    ["two files", { "a.csv": text, "b.csv": text }, {}, /there are 2 CSV files \(a\.csv, b\.csv\) in/],
    ["other columns", { "a.csv": text }, {}, /row 1 of .*a\.csv: it names 3 columns, and 13 features and a target/],
    [
      "another target",
      { "a.csv": text },
      { features: 2, target: "cost" },
      /row 1 of .*: there is no column cost, only/,
    ],
    [
      "a missing value",
      { "a.csv": text.replace("5,", ",") },
      { features: 2 },
      /row 3 of .*: column rooms is "", not a/,
    ],
    ["a short row", { "a.csv": `${text}1,2\n` }, { features: 2 }, /row 5 of .*a\.csv: it has 2 columns, not 3/],
  ] as const) {
    it(`refuses ${what}, naming it`, async () => {
      const error = await userErrorOf(read(files, params));
      expect(error.message).to.match(message);
    });
  }
});

describe("the task regression", () => {
  it("learns with trees of each proposal, and is scored by the squared error in the target's own units", async () => {
    await using folder = await folderOf({ "houses.csv": generateValues(300) });
    const learner = await regression.createLearner({
      params: { columnSample: 1 },
      shard: { dataDir: folder.path, index: 0, learners: 1, split: "iid", seed: 1, trainRatio: 0.8 },
      seed: 1,
      metric: regression.metric,
    });
    const scores: number[] = [];
    for (const round of [1, 2, 3]) {
      const proposal = await learner.proposeWeights(round);
      scores.push((await learner.testWeights(proposal)).testScore);
      await learner.acceptWeights(proposal);
    }
    // The values' variance is about 100.
    expect(scores[0]).to.be.lessThan(70);
    expect(scores[2]).to.be.lessThan(scores[0]! / 2);
    await learner.dispose();
  });
});
