import { expect } from "chai";
import fc from "fast-check";

import { isAccepted } from "../../../../src/learning/approval.ts";
import { count } from "../../../../src/ledger/types.ts";
import { sendAt, type HeldVote } from "../../../../src/node/relay/batch.ts";

/** A vote window from 1 000 to 1 100. */
const rules = { voteWindow: 100, approvalBps: 5_000, earlyDecision: false };
const ballot = { voters: 0b11110n, approvals: 0n, rejections: 0n, deadline: 1_100 };
const held = (...votes: [index: number, at: number, approve?: boolean][]): HeldVote[] =>
  votes.map(([index, at, approve = true]) => ({ index, at, approve }));

describe("when a relay sends the votes that it holds", () => {
  it("is never, where it holds none that count", () => {
    expect(sendAt(ballot, rules, [], true)).to.equal(undefined);
    const voted = { ...ballot, approvals: 0b00010n, rejections: 0b00100n };
    expect(sendAt(voted, rules, held([1, 1_001], [2, 1_002], [0, 1_003]), true)).to.equal(undefined);
  });

  it("is as soon as all that are missing are there, for the proposer", () => {
    const all = held([1, 1_001], [2, 1_007], [3, 1_003], [4, 1_004]);
    expect(sendAt(ballot, rules, all, true)).to.equal(1_007);
  });

  it("does not wait for those who voted by themselves", () => {
    const voted = { ...ballot, approvals: 0b00010n, rejections: 0b10000n };
    expect(sendAt(voted, rules, held([2, 1_009], [3, 1_003]), true)).to.equal(1_009);
  });

  it("is a twentieth of the window later for others than the proposer", () => {
    const all = held([1, 1_001], [2, 1_007], [3, 1_003], [4, 1_004]);
    expect(sendAt(ballot, rules, all, false)).to.equal(1_012);
    expect(sendAt(ballot, rules, held([1, 1_001]), false)).to.equal(1_045);
  });

  const marks: [at: number, mark: number][] = [
    [1_001, 1_040],
    [1_040, 1_040],
    [1_041, 1_050],
    [1_066, 1_070],
    [1_090, 1_090],
  ];
  for (const [at, mark] of marks) {
    it(`is at ${mark - 1_000} % of the window for what came in at ${at - 1_000} %, where others are missing`, () => {
      expect(sendAt(ballot, rules, held([2, at]), true)).to.equal(mark);
    });
  }

  it("is at once for whoever comes at the very end", () => {
    expect(sendAt(ballot, rules, held([2, 1_097]), true)).to.equal(1_097);
    expect(sendAt(ballot, rules, held([2, 1_097]), false)).to.equal(1_097);
  });

  it("is as soon as they decide the round, where that settles it, and not before", () => {
    const early = { ...rules, earlyDecision: true };
    expect(sendAt(ballot, early, held([1, 1_001], [2, 1_002], [3, 1_003]), true)).to.equal(1_003);
    expect(sendAt(ballot, early, held([1, 1_001], [2, 1_002]), true)).to.equal(1_040);
    expect(sendAt(ballot, early, held([1, 1_001, false], [2, 1_002, false]), true)).to.equal(1_002);
    expect(sendAt(ballot, rules, held([1, 1_001], [2, 1_002], [3, 1_003]), true)).to.equal(1_040);
  });

  it("knows that a round is decided exactly when no votes to come can change it", () => {
    const bits = fc.integer({ min: 0, max: 0x3f });
    fc.assert(
      fc.property(bits, bits, bits, bits, fc.integer({ min: 0, max: 9_999 }), (a, b, c, d, approvalBps) => {
        const voters = BigInt(a | 1);
        const approvals = voters & BigInt(b);
        const rejections = voters & BigInt(c) & ~approvals;
        const open = voters & ~(approvals | rejections);
        const votes = [...Array(6).keys()]
          .filter((index) => ((open & BigInt(d)) >> BigInt(index)) & 1n)
          .map((index) => ({ index, at: 1_001, approve: index % 2 === 0 }));
        const approving = count(approvals) + votes.filter(({ approve }) => approve).length;
        const toCome = count(open) - votes.length;
        const results = [0, toCome].map((more) =>
          isAccepted({ approvals: approving + more, voters: count(voters), approvalBps }),
        );
        const due = sendAt(
          { voters, approvals, rejections, deadline: 1_100 },
          { voteWindow: 100, approvalBps, earlyDecision: true },
          votes,
          true,
        );
        if (votes.length === 0) expect(due).to.equal(undefined);
        else expect(due === 1_001).to.equal(results[0] === results[1]);
      }),
    );
  });
});
