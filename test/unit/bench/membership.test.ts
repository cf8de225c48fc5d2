import { expect } from "chai";

import {
  advantage,
  areaUnderCurve,
  likelihoodRatio,
  lossThreshold,
  membersFound,
  mostAdvantage,
  type Target,
} from "../../../scripts/bench/membership/attacks.ts";

const target = (margins: number[], members: number[]): Target => ({
  margins: Float64Array.from(margins),
  isMember: margins.map((_, sample) => members.includes(sample)),
});

describe("the benchmark of membership", () => {
  it("measures guesses by how often a member's is above a stranger's, equal ones by half", () => {
    const isMember = [true, true, false, false];
    expect(areaUnderCurve(Float64Array.of(4, 3, 2, 1), isMember)).to.equal(1);
    expect(areaUnderCurve(Float64Array.of(1, 2, 3, 4), isMember)).to.equal(0);
    expect(areaUnderCurve(Float64Array.of(0, 0, 0, 0), isMember)).to.equal(0.5);
    expect(areaUnderCurve(Float64Array.of(2, 1, 1, 0), isMember)).to.equal(0.875);
  });

  it("takes as an advantage the members called so, less the strangers called so", () => {
    expect(
      advantage(Float64Array.of(1, 1, -1, 1, -1, -1, -1), [true, true, true, false, false, false, false]),
    ).to.equal(2 / 3 - 1 / 4);
  });

  it("counts members above all but the share of strangers that may be called so", () => {
    const isMember = [true, true, true, true, ...new Array<boolean>(10).fill(false)];
    const guesses = Float64Array.of(12, 9.5, 8.5, 3, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
    expect(membersFound(guesses, isMember, 0)).to.equal(1 / 4);
    expect(membersFound(guesses, isMember, 0.1)).to.equal(2 / 4);
    expect(membersFound(guesses, isMember, 0.2)).to.equal(3 / 4);
  });

  it("guesses by the loss that samples below the members' mean loss are members", () => {
    const { margins, isMember } = target([3, 1, 0, 4], [0, 1]);
    const guesses = lossThreshold({ margins, isMember });
    expect([...guesses].map((guess) => guess > 0)).to.deep.equal([true, false, false, true]);
    // The mean loss is (log(1 + e^-3) + log(1 + e^-1)) / 2, and that of margin 0 is log 2.
    expect(guesses[2]).to.be.closeTo((Math.log1p(Math.exp(-3)) + Math.log1p(Math.exp(-1))) / 2 - Math.LN2, 1e-12);
  });

  it("guesses by the ratio what a sample's margin is with it and without it, where the loss says nothing", () => {
    // Sample 0 has the margin 5 where it is a member and 3 elsewhere; sample 1 has 1 and -1.
    const shadows = [
      target([5.1, -1.1], [0]),
      target([4.9, -0.9], [0]),
      target([3.1, 1.1], [1]),
      target([2.9, 0.9], [1]),
    ];
    const guesses = likelihoodRatio(target([3, 1], [1]), shadows);
    expect(guesses[0]).to.be.lessThan(-10);
    expect(guesses[1]).to.be.greaterThan(10);
  });

  it("guesses nothing of a sample that no shadow model had", () => {
    const shadows = [target([5.1, -1.1, 0], [0]), target([4.9, -0.9, 1], [0]), target([3.1, 1.1, 2], [1])];
    expect(likelihoodRatio(target([3, 1, 1], [1]), [...shadows, target([2.9, 0.9, 3], [1])])[2]).to.equal(0);
  });

  it("knows the most that any attack can reach against ε and δ", () => {
    expect(mostAdvantage(0, 0)).to.equal(0);
    expect(mostAdvantage(0, 0.1)).to.be.closeTo(0.1, 1e-12);
    expect(mostAdvantage(Math.log(3), 0)).to.be.closeTo(0.5, 1e-12);
  });
});
