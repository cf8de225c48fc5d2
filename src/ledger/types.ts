/**
 * What the contract says, in TypeScript. Numbers that fit are numbers; bitmaps of learners stay `bigint`, bit i for the
 * learner with index i. Meanings are in `contracts/ICollectiveLearning.sol`, which this mirrors field by field.
 */
import type { ContentId } from "../weights/content-id.ts";

export const statuses = ["none", "enrolling", "running", "paused", "completed", "cancelled"] as const;
export type Status = (typeof statuses)[number];

export const phases = ["none", "propose", "vote", "reveal"] as const;
export type Phase = (typeof phases)[number];

export const outcomes = ["open", "accepted", "rejected", "skipped"] as const;
export type Outcome = (typeof outcomes)[number];

export const admissions = ["open", "invited"] as const;
export type Admission = (typeof admissions)[number];

/** How the proposer of a round is selected. */
export const selections = ["round-robin", "random"] as const;
export type Selection = (typeof selections)[number];

/** How votes are cast: openly, or sealed first and revealed when all are in. */
export const ballots = ["open", "sealed"] as const;
export type Ballot = (typeof ballots)[number];

export interface ExperimentConfig {
  readonly manifest: ContentId;
  readonly weights: ContentId;
  readonly rounds: number;
  readonly minLearners: number;
  readonly maxLearners: number;
  readonly approvalBps: number;
  /** Seconds. */
  readonly proposeWindow: number;
  /** Seconds. */
  readonly voteWindow: number;
  /** Seconds. */
  readonly pauseLimit: number;
  /** Unix time in seconds. */
  readonly enrolmentDeadline: number;
  readonly admission: Admission;
  readonly selection: Selection;
  readonly ballot: Ballot;
  readonly earlyDecision: boolean;
  /** Seconds; 0 where ballots are open. */
  readonly revealWindow: number;
  /** The contract that holds the learners' stakes; none where nothing is staked. */
  readonly stakes: string | undefined;
}

export interface Experiment {
  readonly coordinator: string;
  /** No event of the experiment is in an earlier block. */
  readonly createdBlock: number;
  readonly config: ExperimentConfig;
}

export interface Snapshot {
  readonly status: Status;
  readonly phase: Phase;
  /** The open round, or the last one; 0 before the start. */
  readonly round: number;
  readonly rounds: number;
  /** Unix time in seconds at which the enrolment, the phase or the pause ends. */
  readonly deadline: number;
  readonly weights: ContentId;
  readonly weightsRound: number;
  /** The open round's proposer. */
  readonly proposer: string | undefined;
  readonly proposal: ContentId | undefined;
  readonly voters: bigint;
  readonly approvals: bigint;
  readonly rejections: bigint;
  /** Voters who sealed a vote and have not revealed it. */
  readonly seals: bigint;
  readonly active: bigint;
  readonly learnerCount: number;
  /** The asking learner's index, where it joined. */
  readonly index: number | undefined;
  readonly invited: boolean;
  /** The block's time, unix seconds. */
  readonly timestamp: number;
  readonly blockNumber: number;
}

export interface Round {
  readonly outcome: Outcome;
  readonly proposer: string;
  readonly proposal: ContentId | undefined;
  readonly deadline: number;
  readonly voters: bigint;
  readonly approvals: bigint;
  readonly rejections: bigint;
  readonly seals: bigint;
}

/** A learner as the ledger knows it. */
export interface Learner {
  /** None for who never joined. */
  readonly index: number | undefined;
  readonly active: boolean;
  /** Whether it missed its last duty. */
  readonly struck: boolean;
  readonly suspensions: number;
  /** The last revealed link of its hash chain; none where nothing is drawn. */
  readonly link: string | undefined;
}

/** A vote with what only its event tells. */
export interface CastVote {
  readonly round: number;
  readonly voter: string;
  readonly approve: boolean;
  /** In the manifest's metric (the ledger keeps millionths). */
  readonly score: number;
  readonly transaction: string;
}

/** Whether an experiment is over for good. */
export function isFinal(status: Status): status is "completed" | "cancelled" {
  return status === "completed" || status === "cancelled";
}

/** The last round that has ended; 0 where none has. */
export function lastSettled({ status, round }: Pick<Snapshot, "status" | "round">): number {
  return status === "running" ? round - 1 : round;
}

export function has(bitmap: bigint, index: number): boolean {
  return ((bitmap >> BigInt(index)) & 1n) === 1n;
}

export function count(bitmap: bigint): number {
  let bits = 0;
  for (let rest = bitmap; rest > 0n; rest &= rest - 1n) bits++;
  return bits;
}
