import { expect } from "chai";

import { auditRecord, type ExperimentRecord, type Violation } from "../../../src/audit/rules.ts";
import type { CastVote, Round } from "../../../src/ledger/types.ts";
import { RAW, type ContentId } from "../../../src/weights/content-id.ts";

const id = (digit: string): ContentId => ({ digest: `0x${digit.repeat(64)}`, codec: RAW });
const learners = ["A", "B", "C"];

function round(proposer: number, outcome: Round["outcome"], proposal: ContentId | undefined, approvals: bigint): Round {
  const voters = 0b111n & ~(1n << BigInt(proposer));
  const rejections = proposal === undefined ? 0n : voters & ~approvals;
  return {
    outcome,
    proposer: learners[proposer] ?? "",
    proposal,
    deadline: 0,
    voters,
    approvals,
    rejections,
    seals: 0n,
  };
}

function cast(round: number, voter: string, approve: boolean): CastVote {
  return { round, voter, approve, score: 0.5, transaction: "0x" };
}

/** Three rounds: accepted, skipped, rejected. */
function sound(): ExperimentRecord & { rounds: Round[]; votes: CastVote[] } {
  return {
    approvalBps: 5_000,
    selection: "round-robin",
    seeds: [],
    initial: id("0"),
    learners,
    rounds: [
      round(0, "accepted", id("1"), 0b110n),
      round(1, "skipped", undefined, 0n),
      round(2, "rejected", id("3"), 0b001n),
    ],
    votes: [cast(1, "B", true), cast(1, "C", true), cast(3, "A", true), cast(3, "B", false)],
    snapshot: { weights: id("1"), weightsRound: 1 },
  };
}

describe("auditRecord", () => {
  it("finds nothing in a record that keeps the rules", () => {
    expect(auditRecord(sound())).to.deep.equal([]);
  });

  it("takes an open round as it stands", () => {
    const record = sound();
    record.rounds.push({ ...round(0, "open", id("4"), 0n), rejections: 0n });
    expect(auditRecord(record)).to.deep.equal([]);
  });

  const tampered: [
    what: string,
    rule: Violation["rule"],
    round: number,
    tamper: (record: ReturnType<typeof sound>) => void,
  ][] = [
    ["a tie that was accepted", "tally", 3, ({ rounds }) => (rounds[2] = { ...rounds[2]!, outcome: "accepted" })],
    ["a majority that was rejected", "tally", 1, ({ rounds }) => (rounds[0] = { ...rounds[0]!, outcome: "rejected" })],
    ["a skipped round with a proposal", "tally", 2, ({ rounds }) => (rounds[1] = { ...rounds[1]!, proposal: id("2") })],
    [
      "a proposer out of turn",
      "proposer",
      1,
      ({ rounds }) => (rounds[0] = { ...rounds[0]!, proposer: "B", voters: 0b101n, approvals: 0b101n }),
    ],
    ["a proposer who is no learner", "proposer", 2, ({ rounds }) => (rounds[1] = { ...rounds[1]!, proposer: "X" })],
    ["a proposer who votes", "voters", 3, ({ rounds }) => (rounds[2] = { ...rounds[2]!, voters: 0b111n })],
    ["a vote that nobody cast", "votes", 1, ({ votes }) => votes.shift()],
    ["a vote that was turned", "votes", 3, ({ votes }) => (votes[3] = cast(3, "B", true))],
    ["a second vote", "votes", 1, ({ votes }) => votes.push(cast(1, "B", true))],
    ["a stranger's vote", "votes", 1, ({ votes }) => votes.push(cast(1, "X", true))],
    [
      "a vote of somebody who is no voter",
      "votes",
      2,
      ({ rounds }) => (rounds[1] = { ...rounds[1]!, approvals: 0b010n }),
    ],
    [
      "other current weights",
      "lineage",
      1,
      (record) => Object.assign(record, { snapshot: { weights: id("3"), weightsRound: 3 } }),
    ],
  ];
  for (const [what, rule, at, tamper] of tampered) {
    it(`finds ${what}`, () => {
      const record = sound();
      tamper(record);
      expect(auditRecord(record).map((found) => `${found.rule} ${found.round}`)).to.include(`${rule} ${at}`);
    });
  }

  it("follows the circle past learners that took no part", () => {
    const record = sound();
    // Learner 1 is suspended: after 0 comes 2, and after 2 comes 0.
    const partial = (proposer: number, other: number) => ({
      ...round(proposer, "skipped", undefined, 0n),
      voters: 1n << BigInt(other),
    });
    Object.assign(record, { rounds: [partial(0, 2), partial(2, 0), partial(0, 2)], votes: [] });
    Object.assign(record, { snapshot: { weights: id("0"), weightsRound: 0 } });
    expect(auditRecord(record)).to.deep.equal([]);
  });
});
