/** What must follow from what happened: the events that the contract logs next, in the same transaction. */
import { ZeroHash } from "ethers";

import { isAccepted } from "../learning/approval.ts";
import { count } from "../ledger/types.ts";
import type { EventName, Told } from "./history.ts";
import { draw, mix, nextAfter } from "./selection.ts";
import { hasTwo, lastRound, missing, only, type ReplayedRound, type State } from "./state.ts";

/** An event with as much of it as can be known before. */
export type Expected = {
  [Name in EventName]: { readonly name: Name; readonly told: Partial<Told[Name]> };
}[EventName];

/** Worked out only when its turn has come: an event before it may change what it is. */
export type Consequence = (state: State, time: number) => Expected;

/** The next round opens, or the experiment completes after the last, or pauses where there is nobody to vote. */
export function nextStep(state: State, time: number): Expected {
  const { config, rounds, active, weights, weightsRound } = state;
  if (rounds.length === config.rounds) return { name: "Completed", told: { weights, weightsRound } };
  if (!hasTwo(active)) return { name: "Paused", told: { deadline: time + config.pauseLimit } };
  const proposer = select(state);
  return {
    name: "RoundOpened",
    told: {
      round: rounds.length + 1,
      proposer: state.learners[proposer]?.address ?? "",
      voters: active & ~only(proposer),
      deadline: time + config.proposeWindow,
    },
  };
}

/** Nothing is drawn before all who were there at the start had a turn, and then only who took part in the round before. */
function select(state: State): number {
  const { config, rounds, active, starters, proposer, seed } = state;
  const last = lastRound(state);
  if (config.selection === "round-robin" || last === undefined || rounds.length < starters) {
    return nextAfter(active, proposer);
  }
  const known = active & (last.voters | only(Math.max(last.proposer, 0)));
  return draw(seed, known === 0n ? active : known);
}

/** The open round as its votes, or their absence, settle it. */
export function settlement(state: State): Expected {
  const round = lastRound(state);
  const { approvals, rejections, voters } = counted(round);
  const { approvalBps } = state.config;
  const outcome =
    round?.proposal === undefined
      ? "skipped"
      : isAccepted({ approvals, voters, approvalBps })
        ? "accepted"
        : "rejected";
  return { name: "RoundSettled", told: { round: state.rounds.length, outcome, approvals, rejections, voters } };
}

export function revealOpening(state: State, time: number): Expected {
  const seals = lastRound(state)?.seals ?? 0n;
  const deadline = time + state.config.revealWindow;
  return { name: "RevealOpened", told: { round: state.rounds.length, seals, deadline } };
}

export function mixing(state: State, round: number, entropy: string): Expected {
  return { name: "SeedMixed", told: { round, entropy, seed: mix(state.seed, entropy) } };
}

/** What `advance` does here first; nothing where nobody can lead on. */
export function advanced(state: State, time: number): Expected | undefined {
  const { status, phase, config, rounds, weights, weightsRound } = state;
  if (status === "paused") return { name: "Completed", told: { weights, weightsRound } };
  if (status !== "running") return undefined;
  if (phase === "propose" && config.selection === "random") return mixing(state, rounds.length, ZeroHash);
  if (phase === "vote" && (lastRound(state)?.seals ?? 0n) !== 0n) return revealOpening(state, time);
  return settlement(state);
}

/** Whether the open round is settled now: no vote can come any more or, with early decision, none that matters. */
export function isDecided({ config, ...state }: State): boolean {
  const round = state.rounds.at(-1);
  if (round === undefined) return false;
  const lost = config.ballot === "sealed" ? missing(round) & ~round.seals : 0n;
  const awaited = missing(round) & ~lost;
  if (awaited === 0n) return true;
  if (!config.earlyDecision) return false;
  const { approvals, voters } = counted(round);
  const { approvalBps } = config;
  const atMost = approvals + count(awaited);
  return isAccepted({ approvals, voters, approvalBps }) || !isAccepted({ approvals: atMost, voters, approvalBps });
}

/**
 * Strikes and clears the strikes of a round that was settled.
 * @param late whether its deadline had passed: then who did not vote, or not propose, is absent
 * @returns who missed a second duty in a row, and is to be suspended
 */
export function strike(state: State, late: boolean): bigint {
  const round = lastRound(state);
  if (round === undefined) return 0n;
  const own = only(Math.max(round.proposer, 0));
  const skipped = round.outcome === "skipped";
  const dutiful = skipped ? 0n : round.approvals | round.rejections | own;
  const unsealed = state.config.ballot === "sealed" ? missing(round) & ~round.seals : 0n;
  const absent = skipped ? own : late ? missing(round) : unsealed;
  const suspended = state.struck & absent & state.active;
  state.struck = ((state.struck & ~dutiful) | absent) & ~suspended;
  return suspended;
}

function counted(round: ReplayedRound | undefined) {
  const { approvals, rejections, voters } = round ?? { approvals: 0n, rejections: 0n, voters: 0n };
  return { approvals: count(approvals), rejections: count(rejections), voters: count(voters) };
}
