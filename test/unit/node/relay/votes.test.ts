import { expect } from "chai";

import type { SignedVote } from "../../../../src/ledger/signed-vote.ts";
import type { Snapshot } from "../../../../src/ledger/types.ts";
import { indexOfVoter, type Ballot } from "../../../../src/node/relay/votes.ts";

const proposal = { digest: `0x${"a".repeat(64)}`, codec: 0x55 };
const open: Partial<Snapshot> = {
  status: "running",
  phase: "vote",
  round: 3,
  proposer: "A",
  proposal,
  voters: 0b1110n,
  approvals: 0b0010n,
  rejections: 0n,
};
const ballot = (changed: Partial<Snapshot> = {}, rest: Partial<Ballot> = {}): Ballot => ({
  experiment: 1n,
  snapshot: { ...open, ...changed } as Snapshot,
  learners: ["A", "B", "C", "D", "E"],
  held: new Map(),
  ...rest,
});
const vote: SignedVote = {
  experiment: 1n,
  round: 3,
  proposal: proposal.digest,
  voter: "C",
  approve: true,
  score: 5n,
  signature: "0x",
};

describe("a relay takes a vote", () => {
  it("of a voter who has not voted, on the open round's proposal", () => {
    expect(indexOfVoter(vote, ballot())).to.equal(2);
    expect(indexOfVoter(vote, ballot({}, { proposer: "A" }))).to.equal(2);
  });

  it("again, where it is the same, however it is signed", () => {
    expect(indexOfVoter({ ...vote, signature: "0x1" }, ballot({}, { held: new Map([[2, vote]]) }))).to.equal(2);
  });

  const refusals: [why: string, code: string, vote: Partial<SignedVote>, ballot: Ballot][] = [
    ["of another experiment", "other-experiment", { experiment: 2n }, ballot()],
    ["of another round", "not-open", { round: 2 }, ballot()],
    ["before the proposal", "not-open", {}, ballot({ phase: "propose", proposal: undefined })],
    ["while the experiment is paused", "not-open", {}, ballot({ status: "paused" })],
    ["on another proposal", "other-proposal", { proposal: `0x${"b".repeat(64)}` }, ballot()],
    ["on another's proposal, where it takes its own only", "not-proposer", {}, ballot({}, { proposer: "B" })],
    ["of the proposer", "not-voter", { voter: "A" }, ballot()],
    ["of a learner that joined later", "not-voter", { voter: "E" }, ballot()],
    ["of a stranger", "not-voter", { voter: "F" }, ballot()],
    ["of who has voted", "voted", { voter: "B" }, ballot()],
    ["of who signed another one", "voted-otherwise", { approve: false }, ballot({}, { held: new Map([[2, vote]]) })],
    ["of who signed another score", "voted-otherwise", { score: 6n }, ballot({}, { held: new Map([[2, vote]]) })],
  ];
  for (const [why, code, changed, seen] of refusals) {
    it(`but not ${why}`, () => {
      expect(indexOfVoter({ ...vote, ...changed }, seen)).to.include({ code });
    });
  }
});
