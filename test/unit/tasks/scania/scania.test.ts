import { expect } from "chai";

import { loadShard } from "../../../../src/tasks/shard.ts";
import { scaniaTrucks } from "../../../../src/tasks/scania/trucks.ts";
import { folderOf, userErrorOf } from "../folder.ts";
import { generateScania } from "../generated-tables.ts";

const name = "aps_failure_training_set.csv";

describe("the trucks of scania", () => {
  it("are read below their licence, standardised by the train split, the mean in place of na", async () => {
    await using folder = await folderOf({ [name]: generateScania(60) });
    const options = { dataDir: folder.path, index: 0, learners: 1, split: "iid", seed: 1, trainRatio: 0.5 } as const;
    const { train, vote, test } = await loadShard(scaniaTrucks, {}, options);
    expect([train, vote, test!].map(({ targets }) => targets.length)).to.deep.equal([30, 15, 15]);
    const all = [train, vote, test!].flatMap(({ targets }) => [...targets]);
    expect(all.filter((target) => target === 1)).to.have.lengthOf(20);
    const first = Array.from(train.inputs).filter((_, at) => at % 170 === 0);
    expect(first.reduce((sum, value) => sum + value, 0) / 30).to.be.closeTo(0, 1e-5);
    for (const { inputs } of [train, vote, test!]) expect(inputs.every(Number.isFinite)).to.be.true;
  });

  it("are refused by file and row", async () => {
    const text = generateScania(3);
    for (const [from, to, what] of [
      ["pos,", "maybe,", 'row 5 of .*: the class is "maybe", not neg or pos$'],
      ["neg,", "neg,12.x", "row 6 of .*: column aa_0 is .*, not a number$"],
      ["class,aa_0", "class", "row 4 of .*: it has 170 columns, not 171$"],
    ] as const) {
      await using folder = await folderOf({ [name]: text.replace(from, to) });
      const { code, message } = await userErrorOf(scaniaTrucks.open({}, folder.path, "train"));
      expect(code).to.equal("data-malformed");
      expect(message).to.match(new RegExp(what));
    }
  });
});
