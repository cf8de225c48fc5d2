import { expect } from "chai";
import { concat, keccak256, toBeHex, ZeroHash } from "ethers";
import fc from "fast-check";

import { draw, mix, nextAfter } from "../../../src/audit/selection.ts";

const bytes = (text: string) => keccak256(`0x${Buffer.from(text).toString("hex")}`);

describe("draw", () => {
  it("takes whose lot is lowest", () => {
    const lots = [2, 5, 200].map((index) => BigInt(keccak256(concat([bytes("seed"), toBeHex(index, 32)]))));
    const expected = [2, 5, 200][lots.indexOf(lots.reduce((a, b) => (a < b ? a : b)))];
    expect(draw(bytes("seed"), (1n << 2n) | (1n << 5n) | (1n << 200n))).to.equal(expected);
  });

  it("stays the same when somebody who was not drawn leaves, and somebody else comes only for oneself", () => {
    const sets = fc.bigInt(1n, (1n << 40n) - 1n);
    fc.assert(
      fc.property(sets, fc.nat(39), fc.string(), (set, other, text) => {
        const seed = bytes(text);
        const drawn = draw(seed, set);
        if (drawn !== other) expect(draw(seed, (set & ~(1n << BigInt(other))) | (1n << BigInt(drawn)))).to.equal(drawn);
        expect(draw(seed, set | (1n << BigInt(other)))).to.be.oneOf([drawn, other]);
      }),
    );
  });
});

describe("nextAfter", () => {
  it("goes in a circle", () => {
    expect([255, 0, 1, 3].map((index) => nextAfter(0b1010n, index))).to.deep.equal([1, 1, 3, 1]);
  });
});

describe("mix", () => {
  it("depends on the order of what is mixed in", () => {
    const [a, b] = [bytes("a"), bytes("b")];
    expect(mix(mix(ZeroHash, a), b)).not.to.equal(mix(mix(ZeroHash, b), a));
  });
});
