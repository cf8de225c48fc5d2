import { expect } from "chai";
import { SaxesParser } from "saxes";

import { averageOf } from "../../../scripts/bench/learning/average.ts";
import { trainByAveraging, trainInTurn } from "../../../scripts/bench/learning/methods.ts";
import { drawSections } from "../../../scripts/bench/learning/picture.ts";
import { stepsPerProposal } from "../../../scripts/bench/learning/run.ts";
import { sections } from "../../../scripts/bench/learning/setting.ts";
import { deviation, mean, measure, tableOf } from "../../../scripts/bench/learning/table.ts";
import type { Weights } from "../../../src/weights/weights.ts";
import { PlusOneLearner, valueOf, weightsOf } from "../learning/plus-one-learner.ts";

describe("the benchmark of learning", () => {
  it("takes the mean of weights by their samples", () => {
    expect(valueOf(averageOf([weightsOf(1), weightsOf(5)], [3, 1]))).to.equal(2);
  });

  it("takes no mean of weights that are not alike", () => {
    const other: Weights = { tensors: [{ name: "other", dtype: "F32", shape: [1], data: Float32Array.of(1) }] };
    expect(() => averageOf([weightsOf(1), other], [1, 1])).to.throw(RangeError, "value");
    expect(() => averageOf([weightsOf(1)], [1, 1])).to.throw(RangeError, "2 shares");
  });

  it("has every learner begin each round of averaging with the mean", async () => {
    const learners = [new PlusOneLearner(), new PlusOneLearner()];
    const { weights } = await trainByAveraging(learners, 3, [1, 1]);
    expect(valueOf(weights)).to.equal(3);
    for (const { calls } of learners) expect(calls.filter((call) => call.startsWith("accept"))).to.have.length(3);
  });

  it("accepts in turn what everybody would reject", async () => {
    const learners = [new PlusOneLearner(() => false), new PlusOneLearner(() => false)];
    const { weights, accepted } = await trainInTurn(learners, 3);
    expect([valueOf(weights), accepted]).to.deep.equal([3, 3]);
    expect(learners.map(({ calls }) => calls.filter((call) => call.startsWith("propose")).length)).to.deep.equal([
      2, 1,
    ]);
  });

  it("gives every way of training as many steps in total, within a fiftieth", () => {
    for (const { setting } of sections.flatMap(({ rows }) => rows)) {
      const proposals = setting.method === "averaging" ? setting.rounds * setting.learners : setting.rounds;
      expect(proposals * stepsPerProposal(setting, 240), JSON.stringify(setting)).to.be.closeTo(240, 240 / 50);
    }
  });

  it("writes mean, deviation and extremes of the runs, and leaves out what did not run", () => {
    expect([mean([1, 2, 3]), deviation([1, 2, 3])]).to.deep.equal([2, 1]);
    const [section] = sections;
    const [first, second] = section!.rows;
    const result = { accepted: 12, steps: 240, seconds: 1 };
    const table = tableOf(
      measure({ title: "Shards", rows: [first!, second!] }, (setting) =>
        setting === first!.setting ? [0.9, 0.92].map((share) => ({ ...result, accuracy: [share] })) : [],
      ),
    );
    expect(table.split("\n").slice(4)).to.deep.equal([
      "| collective, 2 learners | 91.00 | 1.41 | 90.00 | 92.00 | 15 | 12.0 | 240 | 2 |",
    ]);
  });

  it("draws a well-formed picture with a point for every row that ran", () => {
    const measured = sections.map((section) =>
      measure(section, () => [0.9, 0.95].map((share) => ({ accuracy: [share], accepted: 1, steps: 1, seconds: 1 }))),
    );
    const picture = drawSections(measured);
    let circles = 0;
    const parser = new SaxesParser();
    parser.on("opentag", ({ name }) => (circles += Number(name === "circle")));
    parser.write(picture).close();
    expect(circles).to.equal(sections.flatMap(({ rows }) => rows).length);
  });
});
