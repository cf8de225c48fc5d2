/** Takes an event as it is told, right or wrong, and says what must follow from it. */
import { ZeroHash } from "ethers";

import { has } from "../ledger/types.ts";
import {
  isDecided,
  nextStep,
  revealOpening,
  settlement,
  strike,
  type Consequence,
  type Expected,
} from "./consequences.ts";
import type { EventName, EventOf, LedgerEvent } from "./history.ts";
import { hasTwo, lastRound, missing, only, type State } from "./state.ts";

type Follow<Name extends EventName> = (state: State, event: EventOf<Name>) => readonly Consequence[];

const followers: { readonly [Name in EventName]: Follow<Name> } = {
  ExperimentCreated: () => [],
  ContactUpdated: () => [],
  Invited(state, { learner }) {
    state.invited.add(learner);
    return [];
  },
  Joined(state, { learner, link }) {
    const isRandom = state.config.selection === "random";
    if (!state.indexes.has(learner)) {
      state.indexes.set(learner, state.learners.length);
      state.learners.push({ address: learner, suspensions: 0, link: isRandom ? link : undefined });
    }
    const commits = isRandom && state.status === "enrolling";
    const committed: Consequence = (): Expected => ({ name: "SeedMixed", told: { round: 0 } });
    return [...(commits ? [committed] : []), ...activate(state, learner)];
  },
  Left(state, { learner }) {
    state.active &= ~bitOf(state, learner);
    return [];
  },
  Resumed: (state, { learner }) => activate(state, learner),
  Suspended(state, { learner }) {
    state.active &= ~bitOf(state, learner);
    const suspended = state.learners[state.indexes.get(learner) ?? -1];
    if (suspended) suspended.suspensions += 1;
    return [];
  },
  Started(state, { learners }) {
    state.starters = learners;
    return [nextStep];
  },
  Cancelled(state) {
    return finish(state, "cancelled");
  },
  RoundOpened(state, { proposer, voters, deadline }) {
    const index = state.indexes.get(proposer) ?? -1;
    const none = { proposal: undefined, approvals: 0n, rejections: 0n, seals: 0n };
    state.rounds.push({ proposer: index, deadline, voters, ...none, outcome: "open" });
    Object.assign(state, { status: "running", phase: "propose", deadline, proposer: index });
    return [];
  },
  SeedMixed(state, { round, entropy, seed }) {
    state.seed = seed;
    if (round > 0 && entropy === ZeroHash) return [settlement];
    const learner = round === 0 ? state.learners.at(-1) : state.learners[state.proposer];
    if (learner) learner.link = entropy;
    return round === 0 ? [] : [() => ({ name: "Proposed", told: { round } })];
  },
  Proposed(state, { proposal, deadline }) {
    enter(state, "vote", deadline);
    Object.assign(lastRound(state) ?? {}, { proposal });
    return [];
  },
  Voted(state, { voter, approve }) {
    cast(state, voter, approve);
    return isDecided(state) ? [settlement] : [];
  },
  VotesCast(state, { voters, approvals }) {
    voters.forEach((voter, place) => cast(state, voter, has(approvals, place)));
    return isDecided(state) ? [settlement] : [];
  },
  VoteSealed(state, { voter }) {
    const round = lastRound(state);
    if (round === undefined) return [];
    round.seals |= bitOf(state, voter) & missing(round);
    return round.seals === round.voters ? [revealOpening] : [];
  },
  RevealOpened(state, { deadline }) {
    enter(state, "reveal", deadline);
    return [];
  },
  RoundSettled(state, { outcome, time }) {
    const round = lastRound(state);
    if (round === undefined) return [];
    round.outcome = outcome;
    if (outcome === "accepted" && round.proposal) {
      Object.assign(state, { weights: round.proposal, weightsRound: state.rounds.length });
    }
    const suspended = strike(state, time > state.deadline);
    const suspensions = state.learners.flatMap(({ address }, index): Consequence[] => {
      const told = { round: state.rounds.length, learner: address };
      return has(suspended, index) ? [() => ({ name: "Suspended", told })] : [];
    });
    return [...suspensions, nextStep];
  },
  Paused(state, { deadline }) {
    Object.assign(state, { status: "paused", phase: "none", deadline });
    return [];
  },
  Completed(state) {
    return finish(state, "completed");
  },
};

export function follow(state: State, event: LedgerEvent): readonly Consequence[] {
  return (followers[event.name] as Follow<EventName>)(state, event);
}

function bitOf({ indexes }: State, learner: string): bigint {
  const index = indexes.get(learner);
  return index === undefined ? 0n : only(index);
}

/** A pause ends as soon as there are two again: a proposer and a voter. */
function activate(state: State, learner: string): readonly Consequence[] {
  state.active |= bitOf(state, learner);
  return state.status === "paused" && hasTwo(state.active) ? [nextStep] : [];
}

function cast(state: State, voter: string, approve: boolean): void {
  const round = lastRound(state);
  if (round === undefined) return;
  // The first vote counts, and none of who has no vote: what else the contract counted is found in its tally.
  const bit = bitOf(state, voter) & missing(round);
  round.seals &= ~bit;
  if (approve) round.approvals |= bit;
  else round.rejections |= bit;
}

function enter(state: State, phase: "vote" | "reveal", deadline: number): void {
  Object.assign(state, { phase, deadline });
  Object.assign(lastRound(state) ?? {}, { deadline });
}

function finish(state: State, status: "completed" | "cancelled"): readonly Consequence[] {
  Object.assign(state, { status, phase: "none", deadline: 0 });
  return [];
}
