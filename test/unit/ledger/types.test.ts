import { expect } from "chai";
import fc from "fast-check";

import { count, has } from "../../../src/ledger/types.ts";

describe("a bitmap of learners", () => {
  it("has and counts the learners whose bits are set", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 255 })), (indexes) => {
        const bitmap = indexes.reduce((bits, index) => bits | (1n << BigInt(index)), 0n);
        expect(count(bitmap)).to.equal(indexes.length);
        for (let index = 0; index < 256; index++) expect(has(bitmap, index)).to.equal(indexes.includes(index));
      }),
    );
  });
});
