import { expect } from "chai";

import { BoostingModel, boostingTopologyOf, type BoostingTraining } from "../../../../src/learning/boosting/model.ts";
import { ModelLearner } from "../../../../src/learning/model-learner.ts";
import type { Samples, Splits } from "../../../../src/learning/samples.ts";
import type { Metric } from "../../../../src/weights/metric.ts";
import { describeLaws } from "../laws.ts";
import { tinySamples } from "../tiny-samples.ts";

const training: BoostingTraining = {
  ...{ treesPerProposal: 2, learningRate: 0.3, columnSample: 0.5, lambda: 1, alpha: 0, minChildWeight: 1 },
  seed: [1],
};
const loss: Metric = { name: "loss", direction: "minimise", tolerance: 0 };
const topology = { features: 4, loss: "squaredError", maxDepth: 3, maxTrees: 40 } as const;

const split = (targetsOf: (samples: Samples) => Samples["targets"]): Splits => {
  const part = (count: number, seed: number): Samples => {
    const samples = tinySamples(count, seed);
    return { ...samples, targets: targetsOf(samples) };
  };
  return { train: part(200, 1), vote: part(50, 2), test: part(70, 3) };
};

/** The difference of the first two numbers, plus 20. */
const values = split(({ inputs, targets }) =>
  Float32Array.from(targets, (_, row) => 20 + (inputs[4 * row]! - inputs[4 * row + 1]!) / 64),
);
/** Whether the first number is the larger one of three. */
const halves = split(({ targets }) => targets.map((label) => (label === 0 ? 1 : 0)));

describe("a learner around boosted trees", () => {
  describe("of values", () => {
    describeLaws({
      model: (seed) => new BoostingModel(topology, { ...training, seed: [seed] }),
      data: values,
      metric: { name: "meanSquaredError", direction: "minimise", tolerance: 0 },
    });
  });

  describe("of two classes", () => {
    describeLaws({
      model: (seed) => new BoostingModel({ ...topology, loss: "logistic" }, { ...training, seed: [seed] }),
      data: halves,
      metric: loss,
    });

    it("tells them apart", async () => {
      const model = new BoostingModel({ ...topology, loss: "logistic" }, { ...training, treesPerProposal: 40 });
      const one = new ModelLearner(model, halves, { name: "auc", direction: "maximise", tolerance: 0 });
      expect((await one.testWeights(await one.proposeWeights(1))).testScore).to.be.above(0.95);
    });

    it("stays finite when the proposer has seen one class only", async () => {
      const train = { ...halves.train, targets: new Uint8Array(200) };
      const model = new BoostingModel({ ...topology, loss: "logistic" }, { ...training, treesPerProposal: 40 });
      const one = new ModelLearner(model, { ...halves, train }, loss);
      const { voteScore } = await one.testWeights(await one.proposeWeights(1));
      expect(voteScore).to.be.within(1, 10);
    });
  });

  const learner = (changes: Partial<BoostingTraining>, maxTrees = 40): ModelLearner =>
    new ModelLearner(new BoostingModel({ ...topology, maxTrees }, { ...training, ...changes }), values, loss);

  it("explains most of what a simple rule leaves, in R squared", async () => {
    const model = new BoostingModel(topology, { ...training, treesPerProposal: 40, columnSample: 1 });
    const one = new ModelLearner(model, values, { name: "rSquared", direction: "maximise", tolerance: 0 });
    expect((await one.testWeights(await one.proposeWeights(1))).testScore).to.be.above(0.8);
  });

  it("begins with the mean of the first proposer's targets", async () => {
    const [base] = (await learner({}).proposeWeights(1)).tensors;
    const mean = [...values.train.targets].reduce((sum, value) => sum + value, 0) / 200;
    expect(base!.data[0]).to.be.closeTo(mean, 1e-5);
  });

  it("lets its last trees make way when there is no more room", async () => {
    const one = learner({}, 3);
    await one.acceptWeights(await one.proposeWeights(1));
    await one.acceptWeights(await one.proposeWeights(2));
    const [, count, , , leaves] = (await one.currentWeights()).tensors;
    const [, nextCount, , , nextLeaves] = (await one.proposeWeights(3)).tensors;
    expect([count!.data[0], nextCount!.data[0]]).to.deep.equal([3, 3]);
    expect(nextLeaves!.data.slice(0, 8)).to.deep.equal(leaves!.data.slice(0, 8));
    expect(nextLeaves!.data.slice(8, 16)).not.to.deep.equal(leaves!.data.slice(8, 16));
  });

  it("pulls leaves to zero by its penalties, and to zero itself by a large one", async () => {
    const sizeOf = async (changes: Partial<BoostingTraining>): Promise<number> => {
      const { tensors } = await learner({ ...changes, columnSample: 1 }).proposeWeights(1);
      return (tensors[4]!.data as Float32Array).reduce((sum, value) => sum + Math.abs(value), 0);
    };
    const free = await sizeOf({ lambda: 0 });
    expect(await sizeOf({ lambda: 50 })).to.be.below(free);
    expect(await sizeOf({ lambda: 0, alpha: 5 })).to.be.below(free);
    expect(await sizeOf({ alpha: 1e6 })).to.equal(0);
  });

  it("uses so many features a tree as its share of columns says, and one at least", async () => {
    for (const [columnSample, most] of [
      [0.01, 1],
      [0.5, 2],
      [1, 4],
    ] as const) {
      const { tensors } = await learner({ columnSample, treesPerProposal: 1 }).proposeWeights(1);
      const used = new Set([...(tensors[2]!.data as Int32Array)].filter((feature) => feature >= 0));
      expect(used.size).to.be.within(1, most);
    }
  });

  it("refuses a topology that is none", () => {
    expect(boostingTopologyOf(topology)).to.deep.equal(topology);
    for (const wrong of [{}, { ...topology, loss: "hinge" }, { ...topology, maxTrees: 0 }]) {
      expect(() => boostingTopologyOf(wrong))
        .to.throw()
        .with.property("code", "topology");
    }
  });
});
