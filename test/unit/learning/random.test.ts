import { expect } from "chai";
import fc from "fast-check";

import { permutation, randomFrom } from "../../../src/learning/random.ts";

describe("seeded random numbers", () => {
  const draw = (count: number, ...name: (string | number)[]): number[] => {
    const random = randomFrom(...name);
    return Array.from({ length: count }, () => random.next());
  };

  it("are the same for the same name and others for another", () => {
    expect(draw(10, "batches", 42, 1)).to.deep.equal(draw(10, "batches", 42, 1));
    expect(draw(10, "batches", 42, 1)).not.to.deep.equal(draw(10, "batches", 42, 2));
    expect(draw(10, "batches", 4, 21)).not.to.deep.equal(draw(10, "batches", 42, 1));
  });

  it("never change: experiments that run must go on with the same numbers after an upgrade", () => {
    const random = randomFrom("batches", 42, 1);
    expect(Array.from({ length: 8 }, () => random.below(1000))).to.deep.equal([851, 744, 500, 378, 309, 585, 206, 475]);
  });

  it("fill [0, 1) evenly", () => {
    const counts = new Array<number>(10).fill(0);
    for (const number of draw(100_000, "even")) counts[Math.floor(number * 10)]! += 1;
    // Five standard deviations of a binomial with n = 100 000, p = 0.1 are 474.
    for (const count of counts) expect(count).to.be.within(9526, 10_474);
  });

  it("stay below their bound, the largest bound included", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 32 }), fc.integer(), (bound, seed) => {
        const number = randomFrom("bound", seed).below(bound);
        return Number.isInteger(number) && number >= 0 && number < bound;
      }),
    );
  });

  it("order every number exactly once in a permutation", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 500 }), fc.integer(), (count, seed) => {
        const sorted = permutation(count, randomFrom(seed)).toSorted();
        return sorted.length === count && sorted.every((number, index) => number === index);
      }),
    );
  });
});
