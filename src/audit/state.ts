/** What an experiment has come to, as its events tell it. Learners are indexes, sets of them bitmaps. */
import { ZeroHash } from "ethers";

import { count, type ExperimentConfig, type Outcome, type Phase, type Status } from "../ledger/types.ts";
import type { ContentId } from "../weights/content-id.ts";

export interface ReplayedRound {
  readonly proposer: number;
  /** Of the phase, or the last one. */
  deadline: number;
  readonly voters: bigint;
  proposal: ContentId | undefined;
  approvals: bigint;
  rejections: bigint;
  /** Sealed and not revealed. */
  seals: bigint;
  outcome: Outcome;
}

export interface ReplayedLearner {
  readonly address: string;
  suspensions: number;
  /** The last revealed link of its hash chain; none where nothing is drawn, or where it is not known. */
  link: string | undefined;
}

export interface State {
  readonly config: ExperimentConfig;
  readonly coordinator: string;
  status: Status;
  phase: Phase;
  /** Of the enrolment, the phase or the pause; 0 in a final status. */
  deadline: number;
  /** How many were active at the start: as many rounds go in a circle before the first draw. */
  starters: number;
  /** Index of the last proposer: the circle begins with the lowest. */
  proposer: number;
  seed: string;
  weights: ContentId;
  weightsRound: number;
  active: bigint;
  /** Who missed the last duty. */
  struck: bigint;
  readonly learners: ReplayedLearner[];
  readonly indexes: Map<string, number>;
  readonly invited: Set<string>;
  /** Round 1 first. */
  readonly rounds: ReplayedRound[];
}

export function created(coordinator: string, config: ExperimentConfig): State {
  return {
    config,
    coordinator,
    status: "enrolling",
    phase: "none",
    deadline: config.enrolmentDeadline,
    starters: 0,
    proposer: 255,
    seed: ZeroHash,
    weights: config.weights,
    weightsRound: 0,
    active: 0n,
    struck: 0n,
    learners: [],
    indexes: new Map(),
    invited: new Set(),
    rounds: [],
  };
}

export const only = (index: number): bigint => 1n << BigInt(index);

/** The open round, or the last one. */
export function lastRound({ rounds }: State): ReplayedRound | undefined {
  return rounds.at(-1);
}

/** Voters of whom no vote is counted. */
export function missing({ voters, approvals, rejections }: ReplayedRound): bigint {
  return voters & ~(approvals | rejections);
}

export function hasTwo(set: bigint): boolean {
  return count(set) >= 2;
}
