import { readFileSync } from "node:fs";

import { expect } from "chai";

import { ForestModel, forestTopologyOf, type ForestTraining } from "../../../../src/learning/forest/model.ts";
import { ModelLearner } from "../../../../src/learning/model-learner.ts";
import type { Samples } from "../../../../src/learning/samples.ts";
import type { Metric } from "../../../../src/weights/metric.ts";
import type { Tensor, Weights } from "../../../../src/weights/weights.ts";
import { codeOf, describeLaws } from "../laws.ts";
import { tinySamples } from "../tiny-samples.ts";

interface Fixture {
  readonly features: number;
  readonly classes: number;
  readonly maxDepth: number;
  /** The first samples are trained on, the others tested on. */
  readonly trained: number;
  readonly inputs: number[];
  readonly targets: number[];
  readonly accuracy: number;
}

/** Written by scripts/make-learner-fixtures.py. */
const fixtures = JSON.parse(
  readFileSync(new URL("../../../fixtures/learners/forests.json", import.meta.url), "utf8"),
) as Record<string, Fixture>;

const data = { train: tinySamples(200, 1), vote: tinySamples(50, 2), test: tinySamples(70, 3) };
const metric: Metric = { name: "loss", direction: "minimise", tolerance: 0 };
const training: ForestTraining = { treesPerProposal: 2, minSamplesSplit: 2, minSamplesLeaf: 1, seed: [1] };
const topology = { features: 4, classes: 3, maxDepth: 4, maxTrees: 20 };

const treesOf = ({ tensors }: Weights): number => tensors[0]!.data[0] as number;

function changed(weights: Weights, name: string, change: (values: Float32Array) => void): Weights {
  return {
    tensors: weights.tensors.map((tensor) => {
      if (tensor.name !== name) return tensor;
      const copy = tensor.data.slice() as Float32Array;
      change(copy);
      return { ...tensor, data: copy } as Tensor;
    }),
  };
}

describe("a learner around a random forest", () => {
  describeLaws({ model: (seed) => new ForestModel(topology, { ...training, seed: [seed] }), data, metric });

  const learner = (maxTrees = 20): ModelLearner =>
    new ModelLearner(new ForestModel({ ...topology, maxTrees }, training), data, metric);

  it("begins without trees, which is to guess all classes alike", async () => {
    const one = learner();
    expect(treesOf(await one.currentWeights())).to.equal(0);
    expect((await one.testWeights(await one.currentWeights())).voteScore).to.be.closeTo(Math.log(3), 1e-12);
  });

  it("adds trees with each proposal and keeps those that are there", async () => {
    const one = learner();
    await one.acceptWeights(await one.proposeWeights(1));
    const before = await one.currentWeights();
    const proposal = await one.proposeWeights(2);
    expect([treesOf(before), treesOf(proposal)]).to.deep.equal([2, 4]);
    const kept = 2 * 2 ** 4 * 3;
    expect(proposal.tensors[3]!.data.slice(0, kept)).to.deep.equal(before.tensors[3]!.data.slice(0, kept));
  });

  it("replaces the trees that are worst on its own samples when it has no more room", async () => {
    const one = learner(4);
    for (const round of [1, 2]) await one.acceptWeights(await one.proposeWeights(round));
    // The second and the fourth tree now give their shares to the wrong classes.
    const spoilt = changed(await one.currentWeights(), "leaves", (leaves) => {
      for (const tree of [1, 3]) {
        for (let leaf = tree * 48; leaf < (tree + 1) * 48; leaf += 3) {
          leaves.set([leaves[leaf + 1]!, leaves[leaf + 2]!, leaves[leaf]!], leaf);
        }
      }
    });
    await one.acceptWeights(spoilt);
    const proposal = await one.proposeWeights(3);
    expect(treesOf(proposal)).to.equal(4);
    const isKept = [0, 1, 2, 3].map((tree) => {
      const of = ({ tensors }: Weights): unknown => tensors[3]!.data.slice(tree * 48, (tree + 1) * 48);
      return JSON.stringify(of(proposal)) === JSON.stringify(of(spoilt));
    });
    expect(isKept).to.deep.equal([true, false, true, false]);
    expect((await one.testWeights(proposal)).vote).to.be.true;
  });

  it("refuses leaves that do not hold shares of a whole, and trees that point outside", async () => {
    const one = learner();
    const proposal = await one.proposeWeights(1);
    const wrong = [
      changed(proposal, "leaves", (leaves) => leaves.set([2, 0, 0])),
      changed(proposal, "leaves", (leaves) => leaves.set([-1, 1, 1])),
      changed(proposal, "features", (features) => (features[0] = 4)),
      changed(proposal, "trees", (count) => (count[0] = 21)),
    ];
    for (const weights of wrong) expect(await codeOf(one.testWeights(weights))).to.equal("weights-trees");
  });

  it("says which sample is of a class that the model does not have", async () => {
    const train = { ...data.train, targets: data.train.targets.map(() => 3) as Uint8Array };
    const one = new ModelLearner(new ForestModel(topology, training), { ...data, train }, metric);
    expect(await codeOf(one.proposeWeights(1))).to.equal("unknown-class");
  });

  for (const [name, fixture] of Object.entries(fixtures)) {
    it(`is about as accurate as scikit-learn's forest: ${name}`, async () => {
      const { features, classes, maxDepth, trained, inputs, targets, accuracy } = fixture;
      const part = (from: number, to?: number): Samples => ({
        shape: [features],
        inputs: Float32Array.from(inputs.slice(from * features, to && to * features)),
        scale: 1 / 16,
        targets: Uint8Array.from(targets.slice(from, to)),
      });
      const splits = { train: part(0, trained), vote: part(trained) };
      let sum = 0;
      for (const seed of [1, 2, 3, 4]) {
        const model = new ForestModel(
          { features, classes, maxDepth, maxTrees: 50 },
          { ...training, treesPerProposal: 50, seed: [seed] },
        );
        const one = new ModelLearner(model, splits, { name: "accuracy", direction: "maximise", tolerance: 0 });
        sum += (await one.testWeights(await one.proposeWeights(1))).voteScore;
      }
      expect(sum / 4).to.be.closeTo(accuracy, 0.025);
    });
  }

  it("refuses a topology that is none", () => {
    expect(forestTopologyOf(topology)).to.deep.equal(topology);
    const vast = { ...topology, classes: 100, maxDepth: 12, maxTrees: 10_000 };
    for (const wrong of [
      {},
      vast,
      { ...topology, maxDepth: 30 },
      { ...topology, classes: 1 },
      { ...topology, more: 1 },
    ]) {
      expect(() => forestTopologyOf(wrong))
        .to.throw()
        .with.property("code", "topology");
    }
  });
});
