import { readFileSync } from "node:fs";

import { expect } from "chai";

import { ColearnError } from "../../../src/errors.ts";
import { scoreBy } from "../../../src/learning/metrics.ts";
import { crossentropy, squaredError } from "../../../src/learning/sample-losses.ts";

interface Case {
  readonly width: number;
  readonly targets: number[];
  readonly outputs: number[];
  readonly values: Record<string, number>;
}

/** Written by scripts/make-learner-fixtures.py. */
const cases = JSON.parse(
  readFileSync(new URL("../../fixtures/learners/metrics.json", import.meta.url), "utf8"),
) as Record<"two" | "four" | "values", Case>;

/** The score with a row of outputs for each target. */
function score(metric: string, targets: number[], rows: number[][]): number {
  const width = rows[0]!.length;
  return scoreBy(metric, width, width === 1 ? squaredError : crossentropy)(targets, Float64Array.from(rows.flat()));
}

function errorOf(work: () => unknown): ColearnError {
  try {
    work();
  } catch (error) {
    if (error instanceof ColearnError) return error;
  }
  throw new Error("no ColearnError was thrown");
}

describe("metrics", () => {
  for (const [name, { width, targets, outputs, values }] of Object.entries(cases)) {
    for (const [metric, expected] of Object.entries(values)) {
      it(`${metric}: equals scikit-learn's (${name})`, () => {
        const found = scoreBy(metric, width, crossentropy)(targets, Float64Array.from(outputs));
        expect(found).to.be.closeTo(expected, 1e-6);
      });
    }
  }

  it("accuracy: takes the largest output for the class, the first of equals", () => {
    const rows = [
      [0.1, 0.2, 0.7],
      [-3, -5, -4],
      [0.4, 0.4, 0.2],
    ];
    expect(score("accuracy", [2, 0, 0], rows)).to.equal(1);
    expect(score("accuracy", [1, 1, 1], rows)).to.equal(0);
  });

  it("accuracy: takes one output for the probability of class 1", () => {
    expect(score("accuracy", [1, 1, 0, 0], [[0.5], [0.49], [0.49], [0.9]])).to.equal(0.5);
  });

  it("auc: counts equal outputs half, and takes one output as it takes two", () => {
    expect(score("auc", [0, 1, 0, 1], [[0.2], [0.2], [0.1], [0.9]])).to.equal(0.875);
    const rows = [0.2, 0.2, 0.1, 0.9].map((value) => [1 - value, value]);
    expect(score("auc", [0, 1, 0, 1], rows)).to.equal(0.875);
  });

  it("precision and recall: of a class that is never predicted, 0", () => {
    expect(score("precision", [1, 0], [[0.1], [0.2]])).to.equal(0);
    expect(score("recall", [1, 0], [[0.1], [0.2]])).to.equal(0);
    expect(score("f1", [1, 0], [[0.1], [0.2]])).to.equal(0);
  });

  it("auc and rSquared: are NaN where the targets are all equal", () => {
    expect(score("auc", [1, 1], [[0.1], [0.2]])).to.be.NaN;
    expect(score("rSquared", [3, 3], [[3], [4]])).to.be.NaN;
  });

  for (const metric of ["accuracy", "loss", "auc", "f1", "precision", "recall", "balancedAccuracy", "rSquared"]) {
    it(`${metric}: is NaN when any output is not finite`, () => {
      expect(score(metric, [0, 1, 0], [[0.1], [NaN], [0.2]])).to.be.NaN;
      expect(score(metric, [0, 1, 0], [[0.1], [0.2], [Infinity]])).to.be.NaN;
      expect(score(metric, [0, 1, 0], [[0.1], [0.2], [0.3]])).to.be.finite;
    });
  }

  it("are NaN when there are too few outputs for the targets", () => {
    expect(scoreBy("accuracy", 2, crossentropy)([0, 1], new Float32Array([1, 0]))).to.be.NaN;
  });

  it("of an unknown name are refused with the names that there are", () => {
    for (const name of ["acuracy", "toString"]) {
      const error = errorOf(() => scoreBy(name, 1, squaredError));
      expect(error.code).to.equal("unknown-metric");
      expect(error.remedy).to.match(/^use one of accuracy, loss, meanSquaredError, .*, balancedAccuracy$/);
    }
  });

  it("of values are refused for a model with several outputs", () => {
    expect(errorOf(() => scoreBy("meanSquaredError", 3, crossentropy)).code).to.equal("metric-misfit");
  });
});
