import { expect } from "chai";
import fc from "fast-check";

import { fromScore, toScore } from "../../../src/ledger/score.ts";

describe("a score on the ledger", () => {
  it("is the metric in millionths", () => {
    expect(toScore(0.962)).to.equal(962_000n);
    expect(toScore(-1.5)).to.equal(-1_500_000n);
    expect(fromScore(962_000n)).to.equal(0.962);
  });

  it("comes back within half a millionth", () => {
    fc.assert(
      fc.property(fc.double({ min: -1e6, max: 1e6, noNaN: true }), (score) => {
        expect(fromScore(toScore(score))).to.be.closeTo(score, 0.5e-6 + Math.abs(score) * 1e-12);
      }),
    );
  });

  it("fits an int64 whatever it is, and keeps what is not a number", () => {
    for (const score of [Infinity, -Infinity, 1e300, -1e300, Number.NaN]) {
      expect(BigInt.asIntN(64, toScore(score))).to.equal(toScore(score));
    }
    expect(fromScore(toScore(Number.NaN))).to.be.NaN;
    expect(fromScore(toScore(-Infinity))).not.to.be.NaN;
  });
});
