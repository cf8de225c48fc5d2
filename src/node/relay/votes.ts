/** Which votes a relay takes: pure, as it is told the ledger's state. */
import type { Snapshot } from "../../ledger/types.ts";
import { has } from "../../ledger/types.ts";
import type { SignedVote } from "../../ledger/signed-vote.ts";
import { missing } from "./batch.ts";

/** Why a relay does not do what it is asked for. */
export interface Refusal {
  readonly code: string;
  readonly reason: string;
}

export interface Ballot {
  readonly experiment: bigint;
  readonly snapshot: Snapshot;
  /** All learners, by index. */
  readonly learners: readonly string[];
  /** The votes that are held, by their voters' indexes. */
  readonly held: ReadonlyMap<number, SignedVote>;
  /** The only proposer whose rounds this relay takes votes for; any where left out. */
  readonly proposer?: string | undefined;
}

/** Whether a vote that was refused may be right after another look at the ledger: its round may have opened meanwhile. */
export function mayOpen(vote: SignedVote, { code }: Refusal, { round }: Snapshot): boolean {
  return code === "not-open" && vote.round >= round;
}

export function refuseExperiment(vote: SignedVote, experiment: bigint): Refusal | undefined {
  if (vote.experiment === experiment) return undefined;
  return { code: "other-experiment", reason: `votes of experiment ${experiment} only, not of ${vote.experiment}` };
}

/** The index of a vote's voter, or why the vote does not count or is not for this relay. Its signature is not checked. */
export function indexOfVoter(vote: SignedVote, ballot: Ballot): number | Refusal {
  const { experiment, snapshot, learners, held, proposer } = ballot;
  const foreign = refuseExperiment(vote, experiment);
  if (foreign) return foreign;
  const { status, phase, round, proposal } = snapshot;
  if (status !== "running" || phase !== "vote" || vote.round !== round) {
    return { code: "not-open", reason: `round ${vote.round} takes no votes: round ${round} is at ${phase} here` };
  }
  if (vote.proposal !== proposal?.digest) {
    return { code: "other-proposal", reason: `${vote.proposal} is not what was proposed in round ${round}` };
  }
  if (proposer !== undefined && snapshot.proposer !== proposer) {
    return { code: "not-proposer", reason: "this node takes votes on its own proposals only" };
  }
  const index = learners.indexOf(vote.voter);
  if (index < 0 || !has(snapshot.voters, index)) {
    return { code: "not-voter", reason: `${vote.voter} is no voter of round ${round}` };
  }
  if (!has(missing(snapshot), index)) {
    return { code: "voted", reason: `${vote.voter} has voted in round ${round}` };
  }
  const other = held.get(index);
  if (other && (other.approve !== vote.approve || other.score !== vote.score)) {
    return { code: "voted-otherwise", reason: `${vote.voter} signed another vote in round ${round} before` };
  }
  return index;
}
