/**
 * What a node does next, as a pure function of what the ledger says, who the node is, what it did before, and the time.
 * Every block, and after every action, the node reads one snapshot and asks again: a restart, a missed round, a
 * reorganisation and a late join are all this same case.
 */
import { owesVote } from "../ledger/ledger.ts";
import { count, has, type ExperimentConfig, type Snapshot } from "../ledger/types.ts";
import { sameContentId, type ContentId } from "../weights/content-id.ts";

/** Who is asking. */
export interface Self {
  readonly address: string;
  readonly isCoordinator: boolean;
  /** The weights that the learner holds as current; none before the first synchronisation. */
  readonly weights: ContentId | undefined;
}

/** What the journal holds of the open round: never to be contradicted. */
export interface RoundJournal {
  readonly proposal?: ContentId | undefined;
  readonly vote?: RecordedVote | undefined;
  /** The journal is older than the ledger, and a vote that it does not know of may be in a relay's hands. */
  readonly isBehind?: boolean | undefined;
  /** This learner does not propose in the round: what training would cost is more than its budget of privacy has left. */
  readonly hasPassed?: boolean | undefined;
}

export interface RecordedVote {
  readonly proposal: ContentId;
  readonly approve: boolean;
  readonly score: number;
}

export type Action =
  | { readonly type: "join" }
  | { readonly type: "resume" }
  /** The experiment has stopped early: without active learners it ends. */
  | { readonly type: "leave" }
  | { readonly type: "start" }
  | { readonly type: "synchronise"; readonly weights: ContentId; readonly round: number }
  /** Train and propose; with `recorded`, send that again instead of training. */
  | { readonly type: "propose"; readonly round: number; readonly recorded: ContentId | undefined }
  /** Evaluate and vote; with `recorded`, send that again instead of evaluating. */
  | {
      readonly type: "vote";
      readonly round: number;
      readonly proposal: ContentId;
      readonly proposer: string;
      /** Seconds until the vote's deadline. */
      readonly secondsLeft: number;
      readonly recorded: RecordedVote | undefined;
    }
  | { readonly type: "reveal"; readonly round: number; readonly recorded: RecordedVote }
  | { readonly type: "advance"; readonly round: number }
  /** Nothing to do before the next block, or before `until` (unix seconds). */
  | { readonly type: "wait"; readonly reason: WaitReason; readonly until?: number }
  | { readonly type: "finish"; readonly status: "completed" | "cancelled" };

/** Why a node waits: also what it tells its operator. */
export type WaitReason =
  | "not-invited"
  | "full"
  | "enrolment"
  | "proposal"
  | "votes"
  | "reveals"
  /** It sealed a vote in this round, and the journal that says which one is lost. */
  | "seal-forgotten"
  | "paused"
  /** The experiment has stopped early, and its last deadlines pass. */
  | "stopped"
  /** It voted on another proposal in this round before the chain was reorganised: a second vote is never given. */
  | "voted-otherwise"
  /** The journal is an old copy, and a vote that it does not know of may be on its way: none is signed in this round. */
  | "journal-behind";

/**
 * Seconds between the turns of the nodes in leading on after a deadline. Any of them may at any time; taking turns
 * spares all but one of them a transaction that comes too late.
 */
export const TURN_SECONDS = 3;

/**
 * @param now the best estimate of the chain's time, unix seconds: judges deadlines when the chain mines on demand only
 * @param stopped whether the experiment has stopped early, by its manifest and the rounds that have ended
 */
export function decide(
  snapshot: Snapshot,
  config: Pick<ExperimentConfig, "minLearners" | "maxLearners">,
  self: Self,
  journal: RoundJournal,
  now: number,
  stopped = false,
): Action {
  const { status, phase, round, deadline, index } = snapshot;

  if (status === "none" || status === "cancelled") return { type: "finish", status: "cancelled" };
  const isStopping = stopped && status !== "completed";
  if (index === undefined) return isStopping ? { type: "wait", reason: "stopped" } : outsider(snapshot, config);
  const synchronise = outOfDate(snapshot, self);
  if (status === "completed") return synchronise ?? { type: "finish", status };
  if (isStopping) return leaveAndLeadOn(snapshot, index, synchronise, now);
  if (!has(snapshot.active, index)) return { type: "resume" };

  // The nodes take turns by rank among the active ones: the first right after the deadline.
  const turn = deadline + rank(snapshot.active, index) * TURN_SECONDS;

  if (status === "enrolling") {
    const active = count(snapshot.active);
    const full = active >= config.maxLearners && self.isCoordinator;
    if (active >= config.minLearners && (full || now > turn)) return { type: "start" };
    if (synchronise) return synchronise;
    // Past its turn, only another learner can change anything.
    return { type: "wait", reason: "enrolment", ...(now > turn ? {} : { until: turn + 1 }) };
  }
  if (status === "paused") {
    return now > turn ? { type: "advance", round } : { type: "wait", reason: "paused", until: turn + 1 };
  }

  if (now > turn) return { type: "advance", round };
  const over = now > deadline;
  if (synchronise) return synchronise;
  if (phase === "propose") {
    const passes = journal.hasPassed === true && journal.proposal === undefined;
    if (snapshot.proposer === self.address && !over && !passes) {
      return { type: "propose", round, recorded: journal.proposal };
    }
    return { type: "wait", reason: "proposal", until: turn + 1 };
  }
  if (phase === "reveal") return revealOrWait(snapshot, index, journal, turn + 1, over);
  const { proposal, proposer } = snapshot;
  if (proposal && proposer && owesVote(snapshot, index) && !over) {
    const recorded = journal.vote;
    if (recorded && !sameContentId(recorded.proposal, proposal)) {
      return { type: "wait", reason: "voted-otherwise", until: turn + 1 };
    }
    if (!recorded && journal.isBehind) return { type: "wait", reason: "journal-behind", until: turn + 1 };
    return { type: "vote", round, proposal, proposer, secondsLeft: deadline - now, recorded };
  }
  return { type: "wait", reason: "votes", until: turn + 1 };
}

/**
 * After an early stop. Leaving comes first: who has left has no duty that it could miss, and so no suspension. The open
 * round passes without a majority of its voters, then the pause, and the experiment is completed.
 */
function leaveAndLeadOn(
  { active, deadline, round }: Snapshot,
  index: number,
  synchronise: Action | undefined,
  now: number,
): Action {
  if (has(active, index)) return { type: "leave" };
  // Nobody is active any more: turns go by the order of joining.
  const turn = deadline + index * TURN_SECONDS;
  if (now > turn) return { type: "advance", round };
  return synchronise ?? { type: "wait", reason: "stopped", until: turn + 1 };
}

function revealOrWait(
  { round, seals, proposal }: Snapshot,
  index: number,
  { vote }: RoundJournal,
  until: number,
  over: boolean,
): Action {
  if (!has(seals, index) || over) return { type: "wait", reason: "reveals", until };
  if (!vote || !proposal || !sameContentId(vote.proposal, proposal)) {
    return { type: "wait", reason: "seal-forgotten", until };
  }
  return { type: "reveal", round, recorded: vote };
}

function outsider({ status, invited, learnerCount }: Snapshot, { maxLearners }: { maxLearners: number }): Action {
  if (status === "completed") return { type: "finish", status };
  if (!invited) return { type: "wait", reason: "not-invited" };
  if (learnerCount >= maxLearners) return { type: "wait", reason: "full" };
  return { type: "join" };
}

function outOfDate({ weights, weightsRound }: Snapshot, self: Self): Action | undefined {
  if (self.weights && sameContentId(self.weights, weights)) return undefined;
  return { type: "synchronise", weights, round: weightsRound };
}

/** How many active learners stand before this one. */
function rank(active: bigint, index: number): number {
  return count(active & ((1n << BigInt(index)) - 1n));
}
