import { readFileSync } from "node:fs";

import { expect } from "chai";
import fc from "fast-check";

import { ColearnError } from "../../../../src/errors.ts";
import { BoostingModel } from "../../../../src/learning/boosting/model.ts";
import { randomFrom } from "../../../../src/learning/random.ts";
import type { Samples } from "../../../../src/learning/samples.ts";
import { binsOf, featureOf } from "../../../../src/learning/trees/bins.ts";
import { growTree } from "../../../../src/learning/trees/grow.ts";
import { leafFor, noTrees, readTrees, treeTensors, type Trees } from "../../../../src/learning/trees/trees.ts";

/** Written by scripts/make-learner-fixtures.py. */
const fixture = JSON.parse(
  readFileSync(new URL("../../../fixtures/learners/trees.json", import.meta.url), "utf8"),
) as Record<"inputs" | "values" | "classes" | "shares" | "boosted", number[]> & { features: number };

function column(values: number[], scale = 1): Samples {
  return { shape: [1], inputs: Float32Array.from(values), scale, targets: new Uint8Array(values.length) };
}

/** A tree of depth 2 that splits feature 0 at 0, and the right side by feature 1 at 5. */
function handmade(): Trees {
  const trees = noTrees({ maxTrees: 2, maxDepth: 2, width: 1 });
  trees.count = 1;
  trees.features.set([0, -1, 1]);
  trees.thresholds.set([0, 0, 5]);
  trees.leaves.set([10, 0, 30, 40]);
  return trees;
}

describe("decision trees", () => {
  it("send what is at most the threshold to the left, and all to the left where nothing is split", () => {
    const inputs = [-1, 9, 0, 9, 0.1, 5, 0.1, 5.1, NaN, 0];
    const samples: Samples = { shape: [2], inputs: Float32Array.from(inputs), scale: 1, targets: new Uint8Array(5) };
    const trees = handmade();
    const found = [0, 1, 2, 3, 4].map((row) => trees.leaves[leafFor(trees, 0, samples, row * 2)]);
    expect(found).to.deep.equal([10, 10, 30, 40, 30]);
  });

  it("grow as scikit-learn's do: the same shares in the leaves of a classifier", () => {
    const { features, inputs, classes, shares } = fixture;
    const samples: Samples = {
      shape: [features],
      inputs: Float32Array.from(inputs),
      scale: 1,
      targets: Uint8Array.from(classes),
    };
    const trees = noTrees({ maxTrees: 1, maxDepth: 5, width: 3 });
    const terms = new Float64Array(classes.length * 3);
    for (const [row, label] of classes.entries()) terms[row * 3 + label] = 1;
    growTree(
      {
        ...{ bins: binsOf(samples), terms, weights: new Float64Array(classes.length).fill(1) },
        ...{ features: [0, 1, 2, 3], featuresPerSplit: 4, minSplitWeight: 2, minLeafWeight: 4 },
        ...{ lambda: 0, alpha: 0, shrinkage: 1, random: randomFrom("tree") },
      },
      trees,
      0,
    );
    for (const row of classes.keys()) {
      const leaf = leafFor(trees, 0, samples, row * features);
      for (let k = 0; k < 3; k++) expect(trees.leaves[leaf + k]).to.be.closeTo(shares[row * 3 + k]!, 1e-5);
    }
  });

  it("are boosted as scikit-learn boosts them: the same values after twenty trees", async () => {
    const { features, inputs, values, boosted } = fixture;
    const samples: Samples = {
      ...{ shape: [features], inputs: Float32Array.from(inputs), scale: 1 },
      targets: Float32Array.from(values),
    };
    const model = new BoostingModel(
      { features, loss: "squaredError", maxDepth: 3, maxTrees: 20 },
      {
        ...{ treesPerProposal: 10, learningRate: 0.3, columnSample: 1, lambda: 0, alpha: 0, minChildWeight: 6 },
        seed: [1],
      },
    );
    const half = await model.train(model.initial, samples, 1, async () => undefined);
    const predict = model.predictorOf(await model.train(half, samples, 2, async () => undefined));
    const outputs = new Float64Array(values.length);
    for (const row of values.keys()) predict(samples, row, outputs, row);
    for (const [row, value] of boosted.entries()) expect(outputs[row]).to.be.closeTo(value, 2e-5);
  });

  it("are written to tensors and read back", () => {
    const trees = handmade();
    const read = readTrees(treeTensors(trees), { maxTrees: 2, maxDepth: 2, width: 1 }, 2);
    expect(read).to.deep.equal(trees);
  });

  describe("are refused", () => {
    const refusals: Record<string, (trees: Trees) => void> = {
      "when there are more of them than room": (trees) => (trees.count = 3),
      "when there are fewer than none": (trees) => (trees.count = -1),
      "when a split is by a feature that is none": (trees) => (trees.features[2] = 2),
      "when a split is by a negative feature": (trees) => (trees.features[0] = -2),
      "when a split lies after the last tree": (trees) => (trees.features[3] = 0),
      "when a threshold lies after the last tree": (trees) => (trees.thresholds[5] = 1),
      "when a leaf lies after the last tree": (trees) => (trees.leaves[7] = 1),
    };
    for (const [title, change] of Object.entries(refusals)) {
      it(title, () => {
        const trees = handmade();
        change(trees);
        expect(() => readTrees(treeTensors(trees), { maxTrees: 2, maxDepth: 2, width: 1 }, 2))
          .to.throw(ColearnError)
          .with.property("code", "weights-trees");
      });
    }
  });

  it("end in a leaf of theirs, whatever numbers foreign weights hold", () => {
    const room = { maxTrees: 3, maxDepth: 3, width: 2 };
    const any32 = fc.float({ noNaN: false });
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), { minLength: 21, maxLength: 21 }),
        fc.array(any32, { minLength: 21, maxLength: 21 }),
        fc.array(any32, { minLength: 4, maxLength: 4 }),
        (features, thresholds, inputs) => {
          const trees = { ...noTrees(room), count: 3 };
          trees.features.set(features);
          trees.thresholds.set(thresholds);
          const samples: Samples = {
            ...{ shape: [4], inputs: Float32Array.from(inputs), scale: 1 },
            targets: new Uint8Array(1),
          };
          for (let tree = 0; tree < 3; tree++) {
            const leaf = leafFor(trees, tree, samples, 0);
            expect(leaf).to.be.within(tree * 16, tree * 16 + 14);
          }
        },
      ),
    );
  });
});

describe("the bins of samples", () => {
  it("hold one number each where there are few, and agree with the thresholds that a tree compares", () => {
    fc.assert(
      fc.property(fc.array(fc.float({ noNaN: true }), { minLength: 1, maxLength: 300 }), (values) => {
        const samples = column(values, 0.5);
        const { codes, thresholds } = binsOf(samples);
        const [code, between] = [codes[0]!, thresholds[0]!];
        expect([...between]).to.deep.equal([...between].sort((a, b) => a - b));
        for (const row of values.keys()) {
          const value = featureOf(samples, row);
          for (const [bin, threshold] of between.entries()) expect(code[row]! <= bin).to.equal(value <= threshold);
        }
        const finite = new Set(
          values
            .map((_, row) => featureOf(samples, row))
            .filter(Number.isFinite)
            .map((v) => v + 0),
        );
        if (finite.size <= 256) expect(between).to.have.lengthOf(Math.max(0, finite.size - 1));
      }),
    );
  });

  it("are at most 256, and hold about equally many samples each", () => {
    const random = randomFrom("bins");
    const samples = column(Array.from({ length: 20_000 }, () => random.next() ** 4));
    const { codes, thresholds } = binsOf(samples);
    expect(thresholds[0]).to.have.lengthOf(255);
    const sizes = new Array<number>(256).fill(0);
    for (const code of codes[0]!) sizes[code]!++;
    expect(Math.min(...sizes)).to.be.above(70);
    expect(Math.max(...sizes)).to.be.below(87);
  });

  it("put NaN into the last bin, where a tree sends it", () => {
    const { codes, thresholds } = binsOf(column([1, NaN, 2, Infinity, -Infinity]));
    expect([...thresholds[0]!]).to.deep.equal([1.5]);
    expect([...codes[0]!]).to.deep.equal([0, 1, 1, 1, 0]);
  });
});
