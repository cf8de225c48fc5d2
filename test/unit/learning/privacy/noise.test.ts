import { expect } from "chai";

import { noised, standardNormal } from "../../../../src/learning/privacy/noise.ts";
import { poissonSample, samplingRate } from "../../../../src/learning/privacy/sampling.ts";

/** Draws enough that a bound of 6 standard errors is missed by chance once in 500 million runs. */
const DRAWS = 400_000;

function moments(values: ArrayLike<number>): { mean: number; variance: number; fourth: number } {
  const mean = Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
  let variance = 0;
  let fourth = 0;
  for (const value of Array.from(values)) {
    variance += (value - mean) ** 2 / values.length;
    fourth += (value - mean) ** 4 / values.length;
  }
  return { mean, variance, fourth: fourth / variance ** 2 };
}

describe("Gaussian noise", () => {
  it("has the mean, the variance and the kurtosis of a standard normal", () => {
    const { mean, variance, fourth } = moments(Float64Array.from({ length: DRAWS }, standardNormal));
    expect(Math.abs(mean)).to.be.below(6 / Math.sqrt(DRAWS));
    expect(Math.abs(variance - 1)).to.be.below(6 * Math.sqrt(2 / DRAWS));
    expect(Math.abs(fourth - 3)).to.be.below(6 * Math.sqrt(24 / DRAWS));
  });

  it("falls as often as it should beyond each of several deviations, the ziggurat's tail included", () => {
    const values = Float64Array.from({ length: DRAWS }, standardNormal);
    // P(|x| > k), from tables.
    for (const [beyond, probability] of [
      [0.5, 0.6170750774519738],
      [1, 0.31731050786291415],
      [2, 0.04550026389635842],
      [3, 0.0026997960632601866],
      [3.6541528853610088, 0.000258033],
    ] as const) {
      const found = values.filter((value) => Math.abs(value) > beyond).length / DRAWS;
      const error = Math.sqrt((probability * (1 - probability)) / DRAWS);
      expect(Math.abs(found - probability), `beyond ${beyond}`).to.be.below(6 * error);
    }
  });

  for (const [deviation, factor] of [
    [1.3 * 1.5, 1 / 64],
    [0.4, 1],
    [250, 0.01],
  ] as const) {
    it(`of deviation ${deviation}, scaled by ${factor}, is that, around the values`, () => {
      const values = Float64Array.from({ length: DRAWS }, (_, index) => index % 7);
      const result = noised(values, deviation, factor);
      const { mean, variance } = moments(result.map((value, index) => value - (values[index] ?? 0) * factor));
      const wanted = (deviation * factor) ** 2;
      expect(Math.abs(mean)).to.be.below((6 * deviation * factor) / Math.sqrt(DRAWS));
      expect(Math.abs(variance / wanted - 1)).to.be.below(6 * Math.sqrt(2 / DRAWS));
    });
  }

  it("lies on one grid, whatever the values: which numbers can come out tells nothing", () => {
    const grid = 2 ** Math.floor(Math.log2(0.7)) / 2 ** 24;
    for (const value of [0, 1 / 3, 0.1, -1e-9]) {
      // Few enough deviations that float32 holds every point of the grid.
      const results = [...noised(new Float64Array(1000).fill(value), 0.7, 1)].filter(
        (one) => Math.abs(one) < grid * 2 ** 24,
      );
      expect(results.length).to.be.above(100);
      for (const result of results) expect(Number.isInteger(result / grid)).to.equal(true);
    }
  });

  it("is another at every call", () => {
    expect(noised(new Float64Array(8), 1, 1)).not.to.deep.equal(noised(new Float64Array(8), 1, 1));
  });
});

describe("a Poisson sample", () => {
  it("has the mean and the variance of its size, and takes every index alike", () => {
    const [count, rate, runs] = [200, 0.15, 4000];
    const sizes: number[] = [];
    const taken = new Float64Array(count);
    for (let run = 0; run < runs; run++) {
      const sample = poissonSample(count, rate);
      expect(new Set(sample).size).to.equal(sample.length);
      sizes.push(sample.length);
      for (const index of sample) taken[index]! += 1;
    }
    const { mean, variance } = moments(sizes);
    const wanted = count * rate * (1 - rate);
    expect(Math.abs(mean - count * rate)).to.be.below(6 * Math.sqrt(wanted / runs));
    expect(Math.abs(variance / wanted - 1)).to.be.below(6 * Math.sqrt(2 / runs));
    for (const times of taken) {
      expect(Math.abs(times / runs - rate)).to.be.below(6.5 * Math.sqrt((rate * (1 - rate)) / runs));
    }
  });

  it("is everything at rate 1 and may be nothing", () => {
    expect(poissonSample(5, samplingRate(5, 64))).to.deep.equal(Uint32Array.of(0, 1, 2, 3, 4));
    expect(poissonSample(5, 0)).to.deep.equal(new Uint32Array(0));
  });
});
