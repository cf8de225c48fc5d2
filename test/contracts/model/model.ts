/**
 * The contract once more, as a pure function: a state, a call and the time give the next state, or the name of the error
 * with which the contract refuses. Written from the rules, with lists where the contract has sets in words.
 */
import { concat, keccak256, ZeroHash } from "ethers";

import {
  activeCount,
  count,
  currentWeights,
  drawn,
  indexOf,
  isFinal,
  lastRound,
  nextInCircle,
  wouldAccept,
} from "./questions.ts";
import type { Call, Deed, Member, Opening, Round, Rules, State } from "./state.ts";

export const COORDINATOR = 0;
const CODECS = [0x55, 0x70];

/** Why a call is refused: the name of the contract's error. */
export class Refusal extends Error {}

export function create(rules: Rules): State {
  return {
    rules,
    status: "Enrolling",
    phase: "None",
    deadline: rules.enrolmentDeadline,
    weightsRound: 0,
    seed: ZeroHash,
    starters: 0,
    members: [],
    invited: [],
    rounds: [],
  };
}

/** @throws {Refusal} If the contract would refuse. */
export function apply(before: State, call: Call, now: number): State {
  const state = structuredClone(before);
  if (call.way === "forged") throw new Refusal("InvalidSignature");
  // A vote saves the gas that telling a signer from a sender takes: there is the batch for it.
  if (call.way === "signed" && call.deed.verb === "vote") throw new Refusal("NotLearner");
  perform(state, call.who, call.deed, now);
  return state;
}

export function hashed(link: string): string {
  return keccak256(link);
}

function perform(state: State, who: number, deed: Deed, now: number): void {
  switch (deed.verb) {
    case "invite":
      refuseIf(state.status !== "Enrolling", "WrongStatus");
      refuseIf(who !== COORDINATOR, "NotCoordinator");
      refuseIf(!state.rules.byInvitation, "AdmissionOpen");
      state.invited.push(deed.guest);
      return;
    case "join": {
      join(state, who, deed, now);
      return;
    }
    case "updateContact":
      memberOf(state, who);
      return;
    case "leave":
    case "resume": {
      setActive(state, who, deed.verb === "resume", now);
      return;
    }
    case "start":
    case "cancel": {
      endEnrolment(state, who, deed.verb, now);
      return;
    }
    case "propose": {
      propose(state, who, deed, now);
      return;
    }
    case "vote": {
      vote(state, who, deed, now);
      return;
    }
    case "batch": {
      batch(state, deed, now);
      return;
    }
    case "seal": {
      seal(state, who, deed, now);
      return;
    }
    case "reveal": {
      reveal(state, deed.opening, now);
      return;
    }
    case "advance": {
      advance(state, now);
      return;
    }
  }
}

function join(state: State, who: number, deed: Extract<Deed, { verb: "join" }>, now: number): void {
  const { rules, status } = state;
  refuseIf(isFinal(state), "WrongStatus");
  refuseIf(indexOf(state, who) >= 0, "AlreadyJoined");
  const invited = state.invited.includes(who) || (deed.invitation === "signed" && status === "Enrolling");
  refuseIf(rules.byInvitation && !invited, "NotInvited");
  refuseIf(state.members.length === rules.maxLearners, "ExperimentFull");
  refuseIf(rules.isRandom && deed.link === ZeroHash, "NoLink");
  state.members.push({
    who,
    active: false,
    missed: false,
    suspensions: 0,
    link: rules.isRandom ? deed.link : ZeroHash,
  });
  if (rules.isRandom && status === "Enrolling") mix(state, deed.link);
  activate(state, state.members.length - 1, now);
}

function setActive(state: State, who: number, active: boolean, now: number): void {
  refuseIf(isFinal(state), "WrongStatus");
  const member = memberOf(state, who);
  refuseIf(member.active === active, active ? "AlreadyActive" : "NotActive");
  if (active) activate(state, indexOf(state, who), now);
  else member.active = false;
}

function activate(state: State, index: number, now: number): void {
  state.members[index]!.active = true;
  if (state.status === "Paused" && activeCount(state) >= 2) openNext(state, now);
}

function endEnrolment(state: State, who: number, verb: "start" | "cancel", now: number): void {
  refuseIf(state.status !== "Enrolling", "WrongStatus");
  refuseIf(who !== COORDINATOR && now <= state.deadline, "NotCoordinator");
  const enough = activeCount(state) >= state.rules.minLearners;
  if (verb === "start") {
    refuseIf(!enough, "TooFewLearners");
    state.starters = activeCount(state);
    openNext(state, now);
  } else {
    refuseIf(who !== COORDINATOR && enough, "EnoughLearners");
    finish(state, "Cancelled");
  }
}

function propose(state: State, who: number, deed: Extract<Deed, { verb: "propose" }>, now: number): void {
  const round = openRound(state, deed.round, "Propose");
  const proposer = state.members[round.proposer]!;
  refuseIf(proposer.who !== who, "NotProposer");
  refuseIf(now > state.deadline, "DeadlinePassed");
  refuseIf(deed.weights.digest === ZeroHash || !CODECS.includes(deed.weights.codec), "InvalidContentId");
  refuseIf(deed.weights.digest === currentWeights(state).digest, "ProposalUnchanged");
  if (state.rules.isRandom) {
    refuseIf(hashed(deed.link) !== proposer.link, "WrongLink");
    proposer.link = deed.link;
    mix(state, deed.link);
  }
  round.proposal = deed.weights;
  enter(state, "Vote", now + state.rules.voteWindow);
}

function vote(state: State, who: number, deed: Extract<Deed, { verb: "vote" }>, now: number): void {
  const index = requireBallot(state, who, deed.round, deed.proposal, "vote");
  refuseIf(now > state.deadline, "DeadlinePassed");
  lastRound(state).ballots[index] = deed.approve ? "approved" : "rejected";
  settleIfDue(state, now);
}

function batch(state: State, deed: Extract<Deed, { verb: "batch" }>, now: number): void {
  const round = openRound(state, deed.round, "Vote");
  refuseIf(state.rules.isSealed, "WrongBallot");
  refuseIf(deed.proposal !== round.proposal.digest, "WrongProposal");
  refuseIf(now > state.deadline, "DeadlinePassed");
  const good = deed.ballots.filter(({ index, forged }) => round.ballots[index] === "silent" && forged === "no");
  refuseIf(good.length === 0, "NoVoteCounts");
  for (const { index, approve } of good) round.ballots[index] = approve ? "approved" : "rejected";
  settleIfDue(state, now);
}

function seal(state: State, who: number, deed: Extract<Deed, { verb: "seal" }>, now: number): void {
  const index = requireBallot(state, who, deed.round, deed.proposal, "seal");
  refuseIf(now > state.deadline, "DeadlinePassed");
  const round = lastRound(state);
  round.ballots[index] = "sealed";
  round.sealed[index] = deed.opening;
  if (!round.ballots.includes("silent")) enter(state, "Reveal", now + state.rules.revealWindow);
}

function reveal(state: State, opening: Opening, now: number): void {
  const index = requireBallot(state, opening.voter, opening.round, opening.proposal, "reveal");
  const round = lastRound(state);
  refuseIf(round.ballots[index] !== "sealed", "NotSealed");
  refuseIf(now > state.deadline, "DeadlinePassed");
  refuseIf(JSON.stringify(round.sealed[index]) !== JSON.stringify(opening), "WrongReveal");
  round.ballots[index] = opening.approve ? "approved" : "rejected";
  settleIfDue(state, now);
}

/** The voter's index, if this round and proposal take such a ballot from it. */
function requireBallot(state: State, who: number, named: number, proposal: string, kind: "vote" | "seal" | "reveal") {
  memberOf(state, who);
  const index = indexOf(state, who);
  const round = state.rounds[named - 1];
  const asked = round?.proposal.digest === proposal ? round : undefined;
  refuseIf(asked !== undefined && asked.outcome !== "Open", "RoundClosed");
  refuseIf(state.rules.isSealed === (kind === "vote"), "WrongBallot");
  openRound(state, named, kind === "reveal" ? "Reveal" : "Vote");
  const ballot = asked?.ballots[index] ?? "none";
  refuseIf(ballot === "none", "NotVoter");
  refuseIf(kind !== "reveal" && ballot !== "silent", "AlreadyVoted");
  return index;
}

function advance(state: State, now: number): void {
  refuseIf(state.status !== "Running" && state.status !== "Paused", "WrongStatus");
  refuseIf(now <= state.deadline, "TooEarly");
  if (state.status === "Paused") {
    finish(state, "Completed");
    return;
  }
  if (state.phase === "Propose") {
    skip(state, now);
    return;
  }
  const anySealed = lastRound(state).ballots.includes("sealed");
  if (state.phase === "Vote" && anySealed) {
    enter(state, "Reveal", now + state.rules.revealWindow);
    return;
  }
  settle(state, now, true);
}

/** A round ends when no vote can come any more or, with early decision, when those that can come do not matter. */
function settleIfDue(state: State, now: number): void {
  const awaited = count(lastRound(state), state.phase === "Reveal" ? "sealed" : "silent");
  const approvals = count(lastRound(state), "approved");
  const decided = wouldAccept(state, approvals) === wouldAccept(state, approvals + awaited);
  if (awaited === 0 || (state.rules.early && decided)) settle(state, now, false);
}

function settle(state: State, now: number, late: boolean): void {
  const round = lastRound(state);
  round.outcome = wouldAccept(state, count(round, "approved")) ? "Accepted" : "Rejected";
  if (round.outcome === "Accepted") state.weightsRound = state.rounds.length;
  state.members[round.proposer]!.missed = false;
  for (const [index, ballot] of round.ballots.entries()) {
    if (ballot === "approved" || ballot === "rejected") state.members[index]!.missed = false;
    const isAbsent = ballot === "silent" ? late || state.phase === "Reveal" : ballot === "sealed" && late;
    if (isAbsent) miss(state.members[index]!);
  }
  openNext(state, now);
}

function skip(state: State, now: number): void {
  const round = lastRound(state);
  round.outcome = "Skipped";
  if (state.rules.isRandom) mix(state, ZeroHash);
  miss(state.members[round.proposer]!);
  openNext(state, now);
}

/** The second duty missed in a row suspends who is there; who has left keeps its strike. */
function miss(member: Member): void {
  const isSuspended = member.missed && member.active;
  member.missed = !isSuspended;
  if (!isSuspended) return;
  member.active = false;
  member.suspensions += 1;
}

function openNext(state: State, now: number): void {
  if (state.rounds.length === state.rules.rounds) {
    finish(state, "Completed");
    return;
  }
  if (activeCount(state) < 2) {
    state.status = "Paused";
    enter(state, "None", now + state.rules.pauseLimit);
    return;
  }
  const proposer = state.rules.isRandom && state.rounds.length >= state.starters ? drawn(state) : nextInCircle(state);
  const ballots = state.members.map(({ active }, index) => (active && index !== proposer ? "silent" : "none"));
  const proposal = { digest: ZeroHash, codec: 0 };
  state.rounds.push({ proposer, outcome: "Open", proposal, deadline: 0, ballots, sealed: [] });
  state.status = "Running";
  enter(state, "Propose", now + state.rules.proposeWindow);
}

function enter(state: State, phase: State["phase"], deadline: number): void {
  state.phase = phase;
  state.deadline = deadline;
  if (phase !== "None") lastRound(state).deadline = deadline;
}

function finish(state: State, status: "Completed" | "Cancelled"): void {
  Object.assign(state, { status, phase: "None", deadline: 0 });
}

function mix(state: State, entropy: string): void {
  state.seed = keccak256(concat([state.seed, entropy]));
}

function openRound(state: State, named: number, phase: State["phase"]): Round {
  refuseIf(state.status !== "Running", "WrongStatus");
  refuseIf(named !== state.rounds.length, "WrongRound");
  refuseIf(state.phase !== phase, "WrongPhase");
  return lastRound(state);
}

function refuseIf(condition: boolean, error: string): void {
  if (condition) throw new Refusal(error);
}

function memberOf(state: State, who: number): Member {
  const member = state.members[indexOf(state, who)];
  if (member === undefined) throw new Refusal("NotLearner");
  return member;
}
