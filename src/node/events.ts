import type { Outcome } from "../ledger/types.ts";

/** Milliseconds by kind of work. */
export interface Milliseconds {
  readonly train?: number;
  readonly store?: number;
  readonly fetch?: number;
  readonly evaluate?: number;
}

/** A learner's scores of weights. Null where there is none, as for weights that were refused unread. */
export interface Scores {
  readonly voteScore: number | null;
  readonly testScore: number | null;
}

/**
 * What a node tells as it goes: one line of JSON each under `colearn node --json`. Content ids are in their text form;
 * `time` is local, unix milliseconds, added when the event is told.
 */
export type NodeEvent =
  | {
      readonly event: "ready";
      readonly learner: string;
      readonly experiment: string;
      readonly backend: string;
      /** Where `/healthz`, `/readyz` and `/metrics` are answered; null where nowhere. */
      readonly http: string | null;
    }
  | { readonly event: "joined"; readonly index: number }
  /** The learner holds the current weights, those of `round`. */
  | ({
      readonly event: "synchronised";
      readonly round: number;
      readonly weights: string;
      readonly milliseconds: Milliseconds;
    } & Scores)
  | {
      readonly event: "proposed";
      readonly round: number;
      readonly weights: string;
      /** Null where it was done before, and nothing tells by which transaction. */
      readonly transaction: string | null;
      readonly milliseconds: Milliseconds;
      /** What the learner had spent of its data's privacy then, at the budget's δ; only where it has a budget. */
      readonly epsilon?: number;
    }
  /** The proposer does not propose in this round: `reason` is an error's code, "privacy-budget" where that is spent. */
  | { readonly event: "passed"; readonly round: number; readonly reason: string }
  /** The proposer's own scores of its proposal: for reports, it has no vote. */
  | ({ readonly event: "evaluated"; readonly round: number; readonly weights: string } & Scores)
  | ({
      readonly event: "voted";
      readonly round: number;
      readonly weights: string;
      readonly approve: boolean;
      /** Why weights were refused unread: the code of the check that failed. */
      readonly refusal: string | null;
      /** Null where it was done before, and nothing tells by which transaction. */
      readonly transaction: string | null;
      readonly milliseconds: Milliseconds;
    } & Scores)
  | {
      readonly event: "revealed";
      readonly round: number;
      readonly weights: string;
      readonly transaction: string | null;
    }
  | { readonly event: "advanced"; readonly round: number }
  | { readonly event: "settled"; readonly round: number; readonly outcome: Outcome; readonly proposer: string }
  /** The manifest ends the experiment early: after this round. */
  | { readonly event: "stopped"; readonly round: number; readonly reason: "target" | "patience" }
  /** A step failed and is tried again: `code` is the error's. */
  | { readonly event: "failed"; readonly code: string }
  /** The first step that succeeded after one that failed. */
  | { readonly event: "recovered" }
  /** Blocks that nobody needs were removed from the store. */
  | { readonly event: "collected"; readonly blocks: number }
  | { readonly event: "finished"; readonly status: "completed" | "cancelled" };

export type Emit = (event: NodeEvent) => void;
