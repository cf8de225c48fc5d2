/** When a relay sends the votes that it holds: pure, as it is told the ledger's state and the time. */
import { isAccepted } from "../../learning/approval.ts";
import { count, has, type ExperimentConfig, type Snapshot } from "../../ledger/types.ts";

/**
 * Parts of the vote window at which what is held is sent, complete or not. The first leaves time, before half of the
 * window, after which voters send their votes themselves; the later ones are for voters who cannot.
 */
const MARKS = [0.4, 0.5, 0.6, 0.7, 0.8, 0.9];
/** The proposer is first. Other relays come this part of the window later, so that they do not both pay. */
const LATER = 0.05;

/** A vote that a relay holds. */
export interface HeldVote {
  /** The voter's index. */
  readonly index: number;
  readonly approve: boolean;
  /** The chain's time when it came in, unix seconds. */
  readonly at: number;
}

type Ballot = Pick<Snapshot, "voters" | "approvals" | "rejections" | "deadline">;
type Rules = Pick<ExperimentConfig, "voteWindow" | "approvalBps" | "earlyDecision">;

/** Voters of a ballot who have not voted on the ledger. */
export function missing({ voters, approvals, rejections }: Omit<Ballot, "deadline">): bigint {
  return voters & ~(approvals | rejections);
}

/**
 * The time from which the votes are to be sent, unix seconds: when all that are missing are there, when with early
 * decision they decide the round, or else at the next mark of the vote window. Nothing while there is none.
 * @param isFirst whether this relay is the proposer, or the proposer cannot pay
 */
export function sendAt(ballot: Ballot, rules: Rules, held: readonly HeldVote[], isFirst: boolean): number | undefined {
  const open = missing(ballot);
  const votes = held.filter(({ index }) => has(open, index));
  if (votes.length === 0) return undefined;
  const { deadline } = ballot;
  const { voteWindow } = rules;
  const patience = isFirst ? 0 : LATER * voteWindow;
  const times = votes.map(({ at }) => at);
  const [oldest, newest] = [Math.min(...times), Math.max(...times)];
  const isReady = votes.length === count(open) || (rules.earlyDecision && decides(ballot, rules, votes));
  const opened = deadline - voteWindow;
  const mark = MARKS.map((part) => opened + part * voteWindow).find((time) => time >= oldest);
  // So late, nobody waits for anybody.
  if (mark === undefined) return oldest;
  return (isReady ? Math.min(newest, mark) : mark) + patience;
}

/** Whether no further vote can change the result: the contract's rule (`Approval.isDecided`). */
function decides(
  { voters, approvals, rejections }: Ballot,
  { approvalBps }: Rules,
  votes: readonly HeldVote[],
): boolean {
  const approving = votes.filter(({ approve }) => approve).length;
  const all = count(voters);
  const rejected = count(rejections) + votes.length - approving;
  const tally = (approved: number) => ({ approvals: approved, voters: all, approvalBps });
  return isAccepted(tally(count(approvals) + approving)) || !isAccepted(tally(all - rejected));
}
