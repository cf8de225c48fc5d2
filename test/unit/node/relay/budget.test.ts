import { expect } from "chai";

import { Allowance, hourOf, learnersGas, periodOf } from "../../../../src/node/relay/budget.ts";

describe("what a relay spends", () => {
  it("is so much for each name in each period", () => {
    const allowance = new Allowance();
    expect([1, 2, 3].map(() => allowance.take("round 1", "A", 20n, 10n))).to.deep.equal([true, true, false]);
    expect(allowance.take("round 1", "B", 20n, 20n)).to.be.true;
    expect(allowance.take("round 2", "A", 20n, 20n)).to.be.true;
  });

  it("is not what was put back, but in its period only", () => {
    const allowance = new Allowance();
    allowance.take("round 1", "A", 10n, 10n);
    allowance.giveBack("round 1", "A", 4n);
    expect([5n, 4n, 1n].map((gas) => allowance.take("round 1", "A", 10n, gas))).to.deep.equal([false, true, false]);
    allowance.take("round 2", "A", 10n, 10n);
    allowance.giveBack("round 1", "A", 10n);
    expect(allowance.take("round 2", "A", 10n, 1n)).to.be.false;
  });

  it("is counted by the round, and by the hour while there is none", () => {
    expect(periodOf("running", 7, 0)).to.equal("round 7");
    expect(periodOf("paused", 7, 7_200_000)).to.equal("hour 2");
    expect(hourOf(7_199_999)).to.equal("hour 1");
  });

  it("is enough for the duties of all learners, however many they are", () => {
    for (const count of [0, 1, 10, 256]) expect(learnersGas(count) >= 300_000n * BigInt(count)).to.be.true;
  });
});
