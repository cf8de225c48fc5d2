import { expect } from "chai";

import { patienceOf } from "../../../src/storage/turns.ts";

describe("patienceOf", () => {
  it("gives the first provider half of the time, however many come after it", () => {
    for (const turns of [2, 4, 512]) expect(patienceOf(30_000, turns, true)).to.equal(15_000);
  });

  it("gives a provider all that is left when nobody comes after it", () => {
    for (const isFirst of [true, false]) expect(patienceOf(30_000, 1, isFirst)).to.equal(30_000);
  });

  it("shares what is left among the later ones", () => {
    expect(patienceOf(15_000, 3, false)).to.equal(5_000);
  });

  it("gives nobody less than two seconds while there are two", () => {
    expect(patienceOf(15_000, 500, false)).to.equal(2_000);
    expect(patienceOf(3_000, 2, true)).to.equal(2_000);
  });

  it("gives nobody more than there is", () => {
    expect(patienceOf(700, 500, false)).to.equal(700);
    expect(patienceOf(700, 500, true)).to.equal(700);
  });
});
