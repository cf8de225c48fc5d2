/** The words of the model: everything that the protocol knows of one experiment, and everything that people can do. */

/** What is fixed for the whole experiment, but for the time. Windows in seconds. */
export interface Terms {
  readonly rounds: number;
  readonly minLearners: number;
  readonly maxLearners: number;
  readonly approvalBps: number;
  readonly proposeWindow: number;
  readonly voteWindow: number;
  readonly revealWindow: number;
  readonly pauseLimit: number;
  readonly byInvitation: boolean;
  readonly isRandom: boolean;
  readonly isSealed: boolean;
  readonly early: boolean;
  readonly weights: ContentId;
}

/** The end of the enrolment is in Unix time. */
export interface Rules extends Terms {
  readonly enrolmentDeadline: number;
}

export interface ContentId {
  readonly digest: string;
  readonly codec: number;
}

export type Status = "Enrolling" | "Running" | "Paused" | "Completed" | "Cancelled";
export type Phase = "None" | "Propose" | "Vote" | "Reveal";
export type Outcome = "Open" | "Accepted" | "Rejected" | "Skipped";
type Ballot = "none" | "silent" | "sealed" | "approved" | "rejected";

/** One who joined. `missed`: its last duty. */
export interface Member {
  readonly who: number;
  active: boolean;
  missed: boolean;
  suspensions: number;
  link: string;
}

/** One round. `ballots` is by the members' indexes, and shorter where some joined later; `sealed` is what each sealed. */
export interface Round {
  readonly proposer: number;
  outcome: Outcome;
  proposal: ContentId;
  deadline: number;
  ballots: Ballot[];
  sealed: (Opening | undefined)[];
}

/**
 * One experiment. People are numbers: 0 is the coordinator. `rounds[n]` is round n + 1. As many rounds as there were
 * starters go around the circle before any proposer is drawn.
 */
export interface State {
  readonly rules: Rules;
  status: Status;
  phase: Phase;
  deadline: number;
  weightsRound: number;
  seed: string;
  /** How many were active at the start: as many rounds go in a circle before the first draw. */
  starters: number;
  members: Member[];
  invited: number[];
  rounds: Round[];
}

/** What is behind a sealed vote. */
export interface Opening {
  readonly round: number;
  readonly proposal: string;
  readonly voter: number;
  readonly approve: boolean;
  readonly salt: string;
}

/** A vote by signature. `forged`: what was signed is for something else, or by somebody else. */
export interface SignedBallot {
  readonly index: number;
  readonly approve: boolean;
  readonly forged: "no" | "experiment" | "round" | "proposal" | "contract" | "chain" | "signer" | "approve";
}

/** What one person does. */
export type Deed =
  | { readonly verb: "invite"; readonly guest: number }
  | { readonly verb: "join"; readonly link: string; readonly invitation: "none" | "signed" | "forged" }
  | { readonly verb: "updateContact" | "leave" | "resume" | "start" | "cancel" | "advance" }
  | { readonly verb: "propose"; readonly round: number; readonly weights: ContentId; readonly link: string }
  | { readonly verb: "vote"; readonly round: number; readonly proposal: string; readonly approve: boolean }
  | {
      readonly verb: "batch";
      readonly round: number;
      readonly proposal: string;
      readonly ballots: readonly SignedBallot[];
      readonly listed: boolean;
    }
  | { readonly verb: "seal"; readonly round: number; readonly proposal: string; readonly opening: Opening }
  | { readonly verb: "reveal"; readonly opening: Opening };

/** A deed as it comes to the ledger: sent by who does it, or signed and sent by somebody else. */
export interface Call {
  readonly who: number;
  readonly deed: Deed;
  readonly way: "sent" | "signed" | "forged";
}
