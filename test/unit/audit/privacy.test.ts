import { expect } from "chai";

import { checkPrivacy, type DeclaredRound } from "../../../src/audit/privacy.ts";
import type { Violation } from "../../../src/audit/rules.ts";

const limit = { epsilon: 2, delta: 1e-5 };

function violationsOf(...rounds: [round: number, proposer: string, epsilon: number | undefined, delta?: number][]) {
  const found: Violation[] = [];
  const declared = rounds.map(([round, proposer, epsilon, delta = 1e-5]): DeclaredRound => {
    return { round, proposer, summary: epsilon === undefined ? undefined : { epsilon, delta } };
  });
  checkPrivacy(limit, declared, (rule, round, detail) => found.push({ rule, round, detail }));
  return found;
}

describe("the audit of declared privacy", () => {
  it("finds nothing where every learner's ε grows up to the limit", () => {
    expect(violationsOf([1, "0xa", 1], [2, "0xb", 0.5], [3, "0xa", 2], [5, "0xb", 0.5])).to.deep.equal([]);
  });

  it("finds accepted weights whose learner declares more than the limit, another δ, or nothing", () => {
    const found = violationsOf([1, "0xa", 2.1], [2, "0xb", 1, 1e-3], [4, "0xc", undefined]);
    expect(found.map(({ rule, round }) => [rule, round])).to.deep.equal([
      ["privacy", 1],
      ["privacy", 2],
      ["privacy", 4],
    ]);
    expect(found[0]?.detail).to.include("declares an ε of 2.1, and the manifest allows 2");
  });

  it("finds a learner whose ε falls, beside others' that are lower", () => {
    const found = violationsOf([1, "0xa", 1.5], [2, "0xb", 0.5], [3, "0xa", 1.4]);
    expect(found.map(({ round }) => round)).to.deep.equal([3]);
    expect(found[0]?.detail).to.match(/^0xa declares an ε of 1.4, and had declared 1.5 in round 1/);
  });
});
