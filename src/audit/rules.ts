/**
 * The rules of the protocol, checked again on what a contract says happened: pure, so that nobody need be trusted, not
 * even the contract.
 */
import { ZeroHash } from "ethers";

import { isAccepted } from "../learning/approval.ts";
import {
  count,
  has,
  type CastVote,
  type MixedSeed,
  type Round,
  type Selection,
  type Snapshot,
} from "../ledger/types.ts";
import { sameContentId, type ContentId } from "../weights/content-id.ts";
import { draw, linksFollow, nextAfter, replaySeeds } from "./selection.ts";

/** The rules, each with what it means when it is broken. */
export const rules = {
  proposer: "The proposer is not the one that the selection gives.",
  seed: "What was mixed into the seed of the selection is not what the proposers committed to.",
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
  readonly selection: Selection;
  /** What was mixed into the seed, in the order of the chain; nothing where proposers are not drawn. */
  readonly seeds: readonly MixedSeed[];
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
  const { seeds, broken } = replaySeeds(record.seeds);
  for (const round of broken)
    violations.push({ rule: "seed", round, detail: "it does not follow from the one before" });
  if (record.selection === "random") violations.push(...checkLinks(record));
  // Nothing is drawn before all who were there at the start had a turn.
  const circle = count(rounds[0]?.voters ?? 0n) + 1;
  let last = 255;
  let tookPart = 0n;
  let current = { round: 0, weights: record.initial };
  for (const [at, state] of rounds.entries()) {
    const round = at + 1;
    const report = (rule: Violation["rule"], detail: string) => violations.push({ rule, round, detail });
    const proposer = record.learners.indexOf(state.proposer);
    const seed = record.selection === "random" && round > circle ? (seeds.get(round) ?? ZeroHash) : undefined;
    const select = (active: bigint) => {
      if (seed === undefined) return nextAfter(active, last);
      // Only who took part in the round before, as long as one of them is there.
      const known = active & tookPart;
      return draw(seed, known === 0n ? active : known);
    };
    checkSelection(state, proposer, select, record.learners.length, report);
    checkVotes(state, record, round, report);
    checkOutcome(state, record.approvalBps, report);
    if (state.outcome === "accepted" && state.proposal) {
      if (sameContentId(state.proposal, current.weights)) report("lineage", "the weights before were accepted again");
      current = { round, weights: state.proposal };
    }
    last = proposer;
    tookPart = state.voters | (1n << BigInt(Math.max(proposer, 0)));
  }
  if (snapshot.weightsRound !== current.round || !sameContentId(snapshot.weights, current.weights)) {
    const detail = `the contract has the weights of round ${snapshot.weightsRound}, not ${current.round}`;
    violations.push({ rule: "lineage", round: current.round, detail });
  }
  return violations;
}

type Report = (rule: Violation["rule"], detail: string) => void;

/** What each proposer revealed continues its own hash chain; a skipped round mixes in nothing. */
function checkLinks({ rounds, seeds, learners }: ExperimentRecord): Violation[] {
  const violations: Violation[] = [];
  const links = new Map<string, string[]>(learners.map((learner) => [learner, []]));
  for (const [at, { proposer, proposal, outcome }] of rounds.entries()) {
    const round = at + 1;
    if (outcome === "open" && proposal === undefined) continue;
    const [mixed, ...more] = seeds.filter((seed) => seed.round === round);
    const skipped = mixed?.entropy === ZeroHash;
    if (mixed === undefined || more.length > 0 || skipped !== (proposal === undefined)) {
      violations.push({ rule: "seed", round, detail: "it was not mixed once, by the proposal or by its absence" });
    } else if (!skipped) {
      const revealed = [...(links.get(proposer) ?? []), mixed.entropy];
      links.set(proposer, revealed);
      if (!linksFollow(revealed.slice(-2))) {
        violations.push({ rule: "seed", round, detail: "the proposer's link does not continue its hash chain" });
      }
    }
  }
  return violations;
}

/** The selected one, among the learners that took part when the round opened. */
function checkSelection(
  { voters }: Round,
  proposer: number,
  select: (active: bigint) => number,
  learners: number,
  report: Report,
): void {
  if (proposer < 0) {
    report("proposer", "it is no learner");
    return;
  }
  if (voters >> BigInt(learners) !== 0n || voters === 0n) report("voters", "they are not learners, or there are none");
  if (has(voters, proposer)) report("voters", `the proposer, learner ${proposer}, is among them`);
  const expected = select(voters | (1n << BigInt(proposer)));
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
