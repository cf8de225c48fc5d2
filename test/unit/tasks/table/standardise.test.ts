import { expect } from "chai";

import type { Samples } from "../../../../src/learning/samples.ts";
import { standardisation } from "../../../../src/tasks/table/standardise.ts";

const samplesOf = (...rows: readonly number[][]): Samples => ({
  shape: [rows[0]!.length],
  inputs: Float32Array.from(rows.flat()),
  scale: 1,
  targets: new Uint8Array(rows.length),
});

describe("standardising", () => {
  it("takes the train split to mean 0 and deviation 1, and other samples by the same numbers", () => {
    const train = samplesOf([1, 1000], [3, 1000], [5, 4000]);
    const other = samplesOf([3, 2000]);
    const change = standardisation(train);
    change(train);
    change(other);
    const deviation = Math.sqrt(8 / 3);
    expect([...train.inputs].filter((_, at) => at % 2 === 0)).to.deep.equal(
      [-2 / deviation, 0, 2 / deviation].map(Math.fround),
    );
    expect(other.inputs[0]).to.equal(0);
    expect(other.inputs[1]).to.equal(0);
  });

  it("has the mean stand for what is missing, and for what never changes in the train split", () => {
    const train = samplesOf([1, 7, NaN], [NaN, 7, NaN], [3, 7, NaN]);
    const other = samplesOf([NaN, 8, 5]);
    const change = standardisation(train);
    change(train);
    change(other);
    expect([...train.inputs]).to.deep.equal([-1, 0, 0, 0, 0, 0, 1, 0, 0]);
    expect([...other.inputs]).to.deep.equal([0, 0, 0]);
  });

  it("bounds what is far off, and leaves some inputs as they are", () => {
    const train = samplesOf([0, 5], [2, 6]);
    const other = samplesOf([1e9, 7], [-1e9, 7]);
    standardisation(train, new Set([1]))(other);
    expect([...other.inputs]).to.deep.equal([10, 7, -10, 7]);
  });
});
