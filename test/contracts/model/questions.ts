/** What can be asked of a state of the model. */
import { concat, keccak256, toBeHex } from "ethers";

import { isAccepted } from "../../../src/learning/approval.ts";
import type { ContentId, Round, State } from "./state.ts";

export function currentWeights(state: State): ContentId {
  return state.rounds[state.weightsRound - 1]?.proposal ?? state.rules.weights;
}

export function indexOf(state: State, who: number): number {
  return state.members.findIndex((member) => member.who === who);
}

export function lastRound(state: State): Round {
  return state.rounds.at(-1)!;
}

export function activeCount(state: State): number {
  return state.members.filter(({ active }) => active).length;
}

export function count(round: Round, kind: Round["ballots"][number]): number {
  return round.ballots.filter((ballot) => ballot === kind).length;
}

export function isFinal(state: State): boolean {
  return state.status === "Completed" || state.status === "Cancelled";
}

export function wouldAccept(state: State, approvals: number): boolean {
  const voters = lastRound(state).ballots.filter((ballot) => ballot !== "none").length;
  return isAccepted({ approvals, voters, approvalBps: state.rules.approvalBps });
}

/** The next active member in a circle, from the last proposer. */
export function nextInCircle(state: State): number {
  const last = state.rounds.at(-1)?.proposer ?? -1;
  const order = [...state.members.keys()];
  const circle = [...order.filter((index) => index > last), ...order.filter((index) => index <= last)];
  return circle.find((index) => state.members[index]!.active)!;
}

export function drawn(state: State): number {
  const lots = state.members.map((_, index) => keccak256(concat([state.seed, toBeHex(index, 32)])));
  const active = [...state.members.keys()].filter((index) => state.members[index]!.active);
  const last = state.rounds.at(-1);
  const known = active.filter((index) => index === last?.proposer || (last?.ballots[index] ?? "none") !== "none");
  return (known.length > 0 ? known : active).toSorted((one, other) => (lots[one]! < lots[other]! ? -1 : 1))[0]!;
}
