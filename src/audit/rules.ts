/**
 * The rules of the protocol, checked again on what a contract says happened: pure, so that nobody need be trusted, not
 * even the contract.
 */
import { isAccepted } from "../learning/approval.ts";
import { count, has, type CastVote, type Round, type Snapshot } from "../ledger/types.ts";
import { sameContentId, type ContentId } from "../weights/content-id.ts";

/** The rules, each with what it means when it is broken. */
export const rules = {
  proposer: "The proposer is not the one that the selection gives.",
  voters: "The voters are not learners, or the proposer is among them.",
  votes: "A vote is by no voter, counted twice, or not the one that the learner cast.",
  tally: "The round's outcome does not follow from its votes.",
  lineage: "The current weights are not those of the last accepted round.",
  weights: "The weights of an accepted round are not there, or are not what the manifest says.",
} as const;

export interface Violation {
  readonly rule: keyof typeof rules;
  readonly round: number;
  /** What was found. */
  readonly detail: string;
}

/** An experiment as a contract tells it. */
export interface ExperimentRecord {
  readonly approvalBps: number;
  /** The initial weights. */
  readonly initial: ContentId;
  /** All learners who ever joined, by index. */
  readonly learners: readonly string[];
  /** Round 1 first; an open round may be the last. */
  readonly rounds: readonly Round[];
  readonly votes: readonly CastVote[];
  readonly snapshot: Pick<Snapshot, "weights" | "weightsRound">;
}

/** Every rule that the record breaks, in the order of the rounds. */
export function auditRecord(record: ExperimentRecord): Violation[] {
  const { rounds, snapshot } = record;
  const violations: Violation[] = [];
  let last = 255;
  let current = { round: 0, weights: record.initial };
  for (const [at, state] of rounds.entries()) {
    const round = at + 1;
    const report = (rule: Violation["rule"], detail: string) => violations.push({ rule, round, detail });
    const proposer = record.learners.indexOf(state.proposer);
    checkSelection(state, proposer, last, record.learners.length, report);
    checkVotes(state, record, round, report);
    checkOutcome(state, record.approvalBps, report);
    if (state.outcome === "accepted" && state.proposal) {
      if (sameContentId(state.proposal, current.weights)) report("lineage", "the weights before were accepted again");
      current = { round, weights: state.proposal };
    }
    last = proposer;
  }
  if (snapshot.weightsRound !== current.round || !sameContentId(snapshot.weights, current.weights)) {
    const detail = `the contract has the weights of round ${snapshot.weightsRound}, not ${current.round}`;
    violations.push({ rule: "lineage", round: current.round, detail });
  }
  return violations;
}

type Report = (rule: Violation["rule"], detail: string) => void;

/** Round robin: the next index after the last proposer, among the learners that took part when the round opened. */
function checkSelection({ voters }: Round, proposer: number, last: number, learners: number, report: Report): void {
  if (proposer < 0) {
    report("proposer", "it is no learner");
    return;
  }
  if (voters >> BigInt(learners) !== 0n || voters === 0n) report("voters", "they are not learners, or there are none");
  if (has(voters, proposer)) report("voters", `the proposer, learner ${proposer}, is among them`);
  const expected = nextAfter(voters | (1n << BigInt(proposer)), last);
  if (expected !== proposer) report("proposer", `it is learner ${proposer}, not learner ${expected}`);
}

function checkVotes(
  { voters, approvals, rejections }: Round,
  record: ExperimentRecord,
  round: number,
  report: Report,
): void {
  if ((approvals & rejections) !== 0n) report("votes", "a learner both approved and rejected");
  if (((approvals | rejections) & ~voters) !== 0n) report("votes", "a learner who is no voter is counted");
  let [approved, rejected] = [0n, 0n];
  for (const { voter, approve } of record.votes.filter((vote) => vote.round === round)) {
    const index = record.learners.indexOf(voter);
    if (index < 0) {
      report("votes", `${voter}, who is no learner, voted`);
      continue;
    }
    const bit = 1n << BigInt(index);
    if (((approved | rejected) & bit) !== 0n) report("votes", `learner ${index} voted twice`);
    if (approve) approved |= bit;
    else rejected |= bit;
  }
  if (approved !== approvals || rejected !== rejections) report("votes", "the votes cast are not those counted");
}

function checkOutcome({ outcome, proposal, voters, approvals }: Round, approvalBps: number, report: Report): void {
  if (outcome === "open") return;
  if ((outcome === "skipped") !== (proposal === undefined)) {
    report("tally", `it is ${outcome} ${proposal ? "with" : "without"} a proposal`);
  }
  if (outcome === "skipped") return;
  const due = isAccepted({ approvals: count(approvals), voters: count(voters), approvalBps }) ? "accepted" : "rejected";
  if (outcome !== due) report("tally", `${count(approvals)} of ${count(voters)} approved: ${due}, not ${outcome}`);
}

/** The next index in a set that is not empty, in a circle: after the highest comes the lowest. */
function nextAfter(set: bigint, index: number): number {
  for (let step = 1; step <= 256; step++) {
    const next = (index + step) % 256;
    if (has(set, next)) return next;
  }
  return -1;
}
