import type { BaseContract, ContractRunner, ContractTransactionResponse } from "ethers";

/** The contract's calls as ethers offers them, typed by hand: see `contracts/ICollectiveLearning.sol`. */
export interface LedgerContract extends BaseContract {
  connect(runner: ContractRunner | null): LedgerContract;
  readonly createExperiment: Call<[config: Config]>;
  invite(experiment: bigint, learners: string[]): Sent;
  join(experiment: bigint, contact: string, link: string, invitation: string): Sent;
  updateContact(experiment: bigint, contact: string): Sent;
  leaveExperiment(experiment: bigint): Sent;
  resume(experiment: bigint): Sent;
  startExperiment(experiment: bigint): Sent;
  cancelExperiment(experiment: bigint): Sent;
  propose(experiment: bigint, round: number, weights: ContentId, link: string): Sent;
  vote(experiment: bigint, round: number, proposal: string, approve: boolean, score: number): Sent;
  castVotesBySig(
    experiment: bigint,
    round: number,
    proposal: string,
    voters: bigint,
    approvals: bigint,
    votes: SignedVote[],
    contractSignatures: string[],
    learners: string[],
  ): Sent;
  sealVote(experiment: bigint, round: number, proposal: string, commitment: string): Sent;
  reveal(
    experiment: bigint,
    round: number,
    proposal: string,
    voter: string,
    approve: boolean,
    score: number,
    salt: string,
  ): Sent;
  readonly executeBySig: Call<[learner: string, call: string, deadline: number, signature: string]>;
  advance(experiment: bigint): Sent;
  experimentCount(): Promise<bigint>;
  getExperiment(experiment: bigint): Promise<[coordinator: string, createdBlock: bigint, config: Read<Config>]>;
  getLearners(experiment: bigint): Promise<string[]>;
  snapshot(experiment: bigint, learner: string): Promise<Snapshot>;
  getRound(experiment: bigint, round: number): Promise<Round>;
  getVote(
    experiment: bigint,
    round: number,
    learner: string,
  ): Promise<{ voter: boolean; cast: boolean; approve: boolean; isSealed: boolean }>;
  getLearner(experiment: bigint, learner: string): Promise<Learner>;
  sealOf(
    experiment: bigint,
    round: number,
    proposal: string,
    voter: string,
    approve: boolean,
    score: number,
    salt: string,
  ): Promise<string>;
  nonces(owner: string): Promise<bigint>;
}

type Sent = Promise<ContractTransactionResponse>;

interface Call<A extends unknown[]> {
  (...args: A): Sent;
  staticCall(...args: A | [...A, { blockTag: string }]): Promise<unknown>;
}

/** What was written as a number is read as a bigint. */
type Read<T> = { [K in keyof T]: T[K] extends number ? bigint : T[K] extends object ? Read<T[K]> : T[K] };

export interface ContentId {
  digest: string;
  codec: number;
}

export interface Config {
  manifest: ContentId;
  weights: ContentId;
  rounds: number;
  minLearners: number;
  maxLearners: number;
  approvalBps: number;
  proposeWindow: number;
  voteWindow: number;
  pauseLimit: number;
  enrolmentDeadline: number;
  admission: number;
  selection: number;
  ballot: number;
  earlyDecision: boolean;
  revealWindow: number;
  stakes: string;
}

export interface SignedVote {
  score: number;
  r: string;
  vs: string;
}

export interface Learner {
  member: boolean;
  index: bigint;
  invited: boolean;
  active: boolean;
  struck: boolean;
  suspensions: bigint;
  link: string;
}

export interface Round {
  outcome: bigint;
  proposer: string;
  proposal: Read<ContentId>;
  deadline: bigint;
  voters: bigint;
  approvals: bigint;
  rejections: bigint;
  seals: bigint;
}

export interface Snapshot {
  status: bigint;
  phase: bigint;
  round: bigint;
  rounds: bigint;
  deadline: bigint;
  weights: Read<ContentId>;
  weightsRound: bigint;
  proposer: string;
  proposal: Read<ContentId>;
  voters: bigint;
  approvals: bigint;
  rejections: bigint;
  seals: bigint;
  active: bigint;
  learnerCount: bigint;
  member: boolean;
  index: bigint;
  invited: boolean;
  timestamp: bigint;
  blockNumber: bigint;
}

/** The contract's enums, which travel as numbers. */
export const Status = { None: 0n, Enrolling: 1n, Running: 2n, Paused: 3n, Completed: 4n, Cancelled: 5n } as const;
export const Phase = { None: 0n, Propose: 1n, Vote: 2n, Reveal: 3n } as const;
export const Outcome = { Open: 0n, Accepted: 1n, Rejected: 2n, Skipped: 3n } as const;
export const Admission = { Open: 0, Invited: 1 } as const;
export const Selection = { RoundRobin: 0, Random: 1 } as const;
export const Ballot = { Open: 0, Sealed: 1 } as const;

/** Multicodecs of a CID's root block. */
export const RAW = 0x55;
export const DAG_PB = 0x70;
