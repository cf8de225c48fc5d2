/** Whether somebody was allowed to do what an event tells, at that time. Who it really was: see `authors.ts`. */
import { keccak256, ZeroHash } from "ethers";

import { count, has, isFinal } from "../ledger/types.ts";
import { DAG_PB, formatContentId, RAW } from "../weights/content-id.ts";
import { mixing } from "./consequences.ts";
import { deviations } from "./deviations.ts";
import type { EventName, EventOf, LedgerEvent } from "./history.ts";
import type { Rule } from "./rules.ts";
import { lastRound, missing, only, type State } from "./state.ts";

/** Notes what is not as it must be. */
type Complain = (rule: Rule, detail: string) => void;
type Judge<Name extends EventName> = (state: State, event: EventOf<Name>, complain: Complain) => void;

/** What happens only because of something else: see `consequences.ts`. */
type Caused = "ExperimentCreated" | "Suspended" | "RoundOpened" | "Paused";
/** What `advance` may begin with. */
type Advance = "RevealOpened" | "RoundSettled" | "Completed";

const judges: { readonly [Name in Exclude<EventName, Caused | Advance>]: Judge<Name> } = {
  Invited({ status, config }, { learner }, complain) {
    if (status !== "enrolling") complain("enrolment", `${learner} was invited when the experiment was ${status}`);
    if (config.admission === "open") complain("enrolment", `${learner} was invited where anybody may join`);
  },
  Joined(state, { learner, index }, complain) {
    const { status, config, learners, indexes, invited } = state;
    const known = indexes.get(learner);
    if (isFinal(status)) complain("enrolment", `${learner} joined when the experiment was ${status}`);
    if (known !== undefined) complain("enrolment", `learner ${known} joined again`);
    else if (index !== learners.length) {
      complain("enrolment", `learner ${learners.length} joined, and the contract tells of learner ${index}`);
    }
    if (learners.length >= config.maxLearners) {
      complain("enrolment", `${learner} joined after ${config.maxLearners} others, the most there may be`);
    }
    // Before the start a signed invitation will do, which is in the transaction only.
    if (config.admission === "invited" && !invited.has(learner) && status !== "enrolling") {
      complain("enrolment", `${learner} joined after the start and was not invited`);
    }
  },
  ContactUpdated({ indexes }, { learner }, complain) {
    if (!indexes.has(learner)) complain("enrolment", `${learner}, who is no learner, told of a contact`);
  },
  Left(state, { learner }, complain) {
    judgeActive(state, learner, true, complain);
  },
  Resumed(state, { learner }, complain) {
    judgeActive(state, learner, false, complain);
  },
  Started({ status, active, config }, { learners }, complain) {
    if (status !== "enrolling") complain("order", `it started when it was ${status}`);
    if (count(active) !== learners) {
      complain("enrolment", `it started with ${learners} learners, and ${count(active)} were active`);
    }
    if (count(active) < config.minLearners) {
      complain("enrolment", `it started with ${count(active)} learners, fewer than ${config.minLearners}`);
    }
  },
  Cancelled({ status }, _event, complain) {
    if (status !== "enrolling") complain("order", `it was cancelled when it was ${status}`);
  },
  SeedMixed(state, event, complain) {
    const { config, phase, rounds } = state;
    const { round, entropy } = event;
    if (config.selection !== "random") complain("seed", "something was mixed into it where nothing is drawn");
    if (phase !== "propose" || round !== rounds.length) complain("seed", "something was mixed into it out of order");
    judgeMixing(state, event, complain);
    if (entropy === ZeroHash) judgeLate(state, event, complain);
  },
  Proposed(state, { proposer, proposal, time, deadline }, complain) {
    const { config, phase, weights } = state;
    if (phase !== "propose") complain("order", "there was a proposal when none was awaited");
    const selected = state.learners[state.proposer]?.address;
    if (proposer !== selected) complain("proposer", `${proposer} proposed, not learner ${state.proposer}`);
    judgeInTime(state, time, "the proposal", complain);
    if (deadline !== time + config.voteWindow) {
      complain("deadline", `votes are taken until ${deadline}, not until ${time + config.voteWindow}`);
    }
    if (proposal.digest === ZeroHash || (proposal.codec !== RAW && proposal.codec !== DAG_PB)) {
      complain("lineage", `the proposal ${proposal.digest} with codec ${proposal.codec} is no content id`);
    } else if (proposal.digest === weights.digest) {
      complain("lineage", `the current weights, ${formatContentId(weights)}, were proposed again`);
    }
  },
  Voted(state, { voter, time }, complain) {
    const isSealed = state.config.ballot === "sealed";
    if (state.phase !== (isSealed ? "reveal" : "vote")) complain("order", `${nameOf(state, voter)} voted out of order`);
    judgeInTime(state, time, `the vote of ${nameOf(state, voter)}`, complain);
    judgeVoter(state, voter, complain);
    const { seals = 0n } = lastRound(state) ?? {};
    if (isSealed && !has(seals, state.indexes.get(voter) ?? 0)) {
      complain("seals", `${nameOf(state, voter)} revealed a vote that it had not sealed`);
    }
  },
  VotesCast(state, { voters, scores, approvals, time }, complain) {
    if (state.phase !== "vote" || state.config.ballot === "sealed") complain("order", "votes were cast out of order");
    judgeInTime(state, time, "the votes cast together", complain);
    if (voters.length === 0 || scores.length !== voters.length || approvals >> BigInt(voters.length) !== 0n) {
      complain("votes", `of ${voters.length} voters there are ${scores.length} scores, or the votes of others`);
    }
    if (new Set(voters).size !== voters.length) complain("votes", "somebody voted twice at once");
    for (const voter of new Set(voters)) judgeVoter(state, voter, complain);
  },
  VoteSealed(state, { voter, time }, complain) {
    const name = nameOf(state, voter);
    if (state.phase !== "vote" || state.config.ballot !== "sealed")
      complain("order", `${name} sealed a vote out of order`);
    judgeInTime(state, time, `the sealed vote of ${name}`, complain);
    judgeVoter(state, voter, complain);
    if (has(lastRound(state)?.seals ?? 0n, state.indexes.get(voter) ?? 0)) {
      complain("votes", `${name} sealed a second vote`);
    }
  },
};

/** Judges what somebody did. What can only follow from something else, or is what `advance` does, is not for this. */
export function judge(state: State, event: LedgerEvent, complain: Complain): boolean {
  const judgement = (judges as Partial<Record<EventName, Judge<EventName>>>)[event.name];
  judgement?.(state, event, complain);
  return judgement !== undefined;
}

/** What is mixed in is what a learner joins with, the next link of the proposer's hash chain, or zero for a skipped round. */
export function judgeMixing(state: State, event: EventOf<"SeedMixed">, complain: Complain): void {
  const { round, entropy } = event;
  for (const [, found] of deviations(mixing(state, round, entropy).told, event)) complain("seed", found);
  if (round === 0) {
    const { link = entropy } = state.learners.at(-1) ?? {};
    if (entropy === ZeroHash || entropy !== link) complain("seed", "it is not what the learner joined with");
    return;
  }
  const link = state.learners[state.proposer]?.link;
  if (entropy !== ZeroHash && link !== undefined && keccak256(entropy) !== link) {
    complain("seed", `the link of learner ${state.proposer} does not continue its hash chain`);
  }
}

/** Anybody may lead on, and only when the deadline has passed. */
export function judgeLate(
  { deadline, phase }: State,
  { name, time }: Pick<LedgerEvent, "name" | "time">,
  complain: Complain,
): void {
  if (time > deadline) return;
  const early = name === "RoundSettled" && phase !== "propose";
  if (early)
    complain("tally", `it was settled at ${time}, before its votes decided it and until ${deadline} more could come`);
  else complain("deadline", `somebody led on at ${time}, before the deadline, ${deadline}, had passed`);
}

function judgeInTime({ deadline }: State, time: number, what: string, complain: Complain): void {
  if (time > deadline) complain("deadline", `${what} came at ${time}, after the deadline, ${deadline}`);
}

function judgeActive(state: State, learner: string, wanted: boolean, complain: Complain): void {
  const index = state.indexes.get(learner);
  const deed = wanted ? "left" : "came back";
  if (isFinal(state.status)) complain("enrolment", `${nameOf(state, learner)} ${deed} when it was ${state.status}`);
  if (index === undefined) complain("enrolment", `${nameOf(state, learner)} ${deed}`);
  else if (((state.active & only(index)) !== 0n) !== wanted) {
    complain("enrolment", `learner ${index} ${deed} and was ${wanted ? "gone" : "active"} already`);
  }
}

function judgeVoter(state: State, voter: string, complain: Complain): void {
  const round = lastRound(state);
  const index = state.indexes.get(voter);
  if (index === undefined || round === undefined) {
    complain("votes", `${voter}, who is no learner, voted`);
  } else if (!has(round.voters, index)) {
    complain("votes", `learner ${index}, who is no voter of this round, voted`);
  } else if (!has(missing(round), index)) {
    complain("votes", `learner ${index} voted twice`);
  }
}

function nameOf({ indexes }: State, learner: string): string {
  const index = indexes.get(learner);
  return index === undefined ? `${learner}, who is no learner,` : `learner ${index}`;
}
