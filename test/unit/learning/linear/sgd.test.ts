import { readFileSync } from "node:fs";

import { expect } from "chai";

import { ColearnError } from "../../../../src/errors.ts";
import { linearLosses, type LinearLossName } from "../../../../src/learning/linear/losses.ts";
import { LinearModel, linearTopologyOf, type LinearTraining } from "../../../../src/learning/linear/model.ts";
import type { LearningRate } from "../../../../src/learning/linear/sgd.ts";
import type { Samples } from "../../../../src/learning/samples.ts";
import type { Weights } from "../../../../src/weights/weights.ts";

interface Fixture {
  readonly features: number;
  readonly classes?: number;
  /** Sixteenths. */
  readonly inputs: number[];
  readonly targets: number[];
  readonly cases: readonly {
    readonly title: string;
    readonly loss: LinearLossName;
    readonly settings: { learningRate: LearningRate; alpha: number; eta0: number; powerT: number };
    /** What scikit-learn has after each call of partial_fit. */
    readonly steps: readonly { rows: number; coefficients: number[]; intercepts: number[]; nextStep: number }[];
    readonly predictions: number[];
  }[];
}

/** Written by scripts/make-learner-fixtures.py. */
const fixtures = JSON.parse(
  readFileSync(new URL("../../../fixtures/learners/linear.json", import.meta.url), "utf8"),
) as Record<string, Fixture>;

const training: LinearTraining = {
  ...{ alpha: 1e-4, learningRate: "optimal", eta0: 0.01, powerT: 0.5 },
  ...{ batchSize: 10, stepsPerProposal: 1, batchSeed: [1] },
};

function samplesOf({ features, inputs, targets }: Fixture): Samples {
  return {
    shape: [features],
    inputs: Float32Array.from(inputs),
    scale: 1 / 16,
    targets: Float32Array.from(targets),
  };
}

const numbers = (weights: Weights, index: number): number[] => [...(weights.tensors[index]!.data as Float64Array)];

/** The largest difference between two lists, as a share of the largest number in the second, if that is above 1. */
function distance(found: number[], expected: number[]): number {
  expect(found).to.have.lengthOf(expected.length);
  const largest = Math.max(1, ...expected.map(Math.abs));
  return Math.max(...found.map((value, at) => Math.abs(value - expected[at]!) / largest));
}

describe("a linear model by stochastic gradient descent", () => {
  for (const [name, fixture] of Object.entries(fixtures)) {
    const samples = samplesOf(fixture);
    for (const { title, loss, settings, steps, predictions } of fixture.cases) {
      const topology = { features: fixture.features, classes: fixture.classes, loss };
      const model = new LinearModel(topology, { ...training, ...settings });

      it(`has scikit-learn's coefficients after each partial fit, and its predictions: ${name}, ${title}`, () => {
        let weights: Weights = model.initial;
        let first = 0;
        for (const { rows, coefficients, intercepts, nextStep } of steps) {
          const part = Uint32Array.from({ length: rows }, (_, at) => first + at);
          weights = model.partialFit(weights, samples, part);
          expect(distance(numbers(weights, 0), coefficients)).to.be.below(1e-9);
          expect(distance(numbers(weights, 1), intercepts)).to.be.below(1e-9);
          expect(numbers(weights, 2)).to.deep.equal([nextStep]);
          first += rows;
        }
        const predict = model.predictorOf(weights);
        const outputs = new Float64Array(model.width);
        for (const [row, expected] of predictions.entries()) {
          predict(samples, row, outputs, 0);
          if (fixture.classes === undefined) expect(outputs[0]).to.be.closeTo(expected, 1e-9);
          else expect(outputs.indexOf(Math.max(...outputs))).to.equal(expected);
        }
      });
    }
  }

  for (const [name, loss] of Object.entries(linearLosses)) {
    it(`has the slope of its loss: ${name}`, () => {
      for (const y of name === "squaredError" ? [-0.7, 3] : [-1, 1]) {
        for (const output of [-30, -2.2, -0.4, 0, 0.3, 0.9, 1.7, 30]) {
          const slope = (loss.of(y, output + 1e-6) - loss.of(y, output - 1e-6)) / 2e-6;
          expect(loss.slope(y, output)).to.be.closeTo(slope, 1e-5);
        }
      }
    });
  }

  it("has a finite log loss however far the output is", () => {
    expect(linearLosses.log.of(1, -1000)).to.equal(1000);
    expect(linearLosses.log.of(1, 1000)).to.equal(0);
  });

  it("says that training diverged instead of giving weights that are not finite", () => {
    const model = new LinearModel(
      { features: 1, loss: "squaredError" },
      { ...training, learningRate: "constant", alpha: 0, eta0: 1e300 },
    );
    const inputs = new Float32Array(60).fill(1e9);
    const samples: Samples = { shape: [1], inputs, scale: 1, targets: new Float32Array(60).fill(1) };
    expect(() => model.partialFit(model.initial, samples, Uint32Array.from(inputs.keys())))
      .to.throw(ColearnError)
      .with.property("code", "training-diverged");
  });

  describe("refuses a topology", () => {
    const good = { features: 4, classes: 3, loss: "hinge" };
    for (const topology of [
      null,
      {},
      { ...good, features: 0 },
      { ...good, classes: 1 },
      { ...good, loss: "toString" },
      { ...good, loss: "squaredError" },
      { features: 4, loss: "hinge" },
      { ...good, more: 1 },
    ]) {
      it(JSON.stringify(topology), () => {
        expect(linearTopologyOf(good)).to.deep.equal(good);
        expect(() => linearTopologyOf(topology))
          .to.throw(ColearnError)
          .with.property("code", "topology");
      });
    }
  });
});
