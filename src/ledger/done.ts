import type { Result, TransactionReceipt } from "ethers";

import { sameContentId, type ContentId } from "../weights/content-id.ts";
import { RevertError } from "./errors.ts";
import type { Ledger } from "./ledger.ts";
import { has, isFinal, phases, type Snapshot } from "./types.ts";

/** What was asked for is so on the ledger: by a transaction sent for it now, or by an earlier one. */
export interface Done {
  /** The transaction that did it; undefined where it was done before and no recent event tells. */
  readonly hash: string | undefined;
  /** Whether it was done now. */
  readonly isNew: boolean;
  /** Only of what was done now. */
  readonly receipt?: TransactionReceipt;
}

/** Says how the very same thing was done before; undefined where it was not. */
type Earlier = () => Promise<{ readonly hash: string | undefined } | undefined>;

/** Whose action in which experiment. */
export interface Actor {
  readonly ledger: Ledger;
  readonly experiment: bigint;
  readonly address: string;
}

/**
 * Sends what is to be done. A refusal of what is done already is none.
 * @throws what sending throws, where the same was not done before
 */
export async function once(send: () => Promise<TransactionReceipt>, earlier: Earlier): Promise<Done> {
  try {
    const receipt = await send();
    return { hash: receipt.hash, isNew: true, receipt };
  } catch (error) {
    if (!(error instanceof RevertError)) throw error;
    // What cannot be read proves nothing: then the refusal stands.
    const before = await earlier().catch(() => undefined);
    if (before === undefined) throw error;
    return { hash: before.hash, isNew: false };
  }
}

/** Joined or resumed, and active since. */
export function takesPart(actor: Actor): Earlier {
  return whenActive(actor, true, ["Joined", "Resumed"]);
}

/** Who never joined has not left: most likely that is the wrong key. */
export function left(actor: Actor): Earlier {
  return whenActive(actor, false, ["Left", "Suspended"]);
}

function whenActive({ ledger, experiment, address }: Actor, active: boolean, events: readonly string[]): Earlier {
  return async () => {
    const learner = await ledger.learner(experiment, address);
    if (learner.index === undefined || learner.active !== active) return undefined;
    // What has ended takes no more learners back, and lets none go.
    if (active && isFinal((await ledger.snapshot(experiment)).status)) return undefined;
    return { hash: await lastHash(ledger, experiment, events, ({ learner }) => learner === address) };
  };
}

export function started({ ledger, experiment }: Actor): Earlier {
  return async () => {
    const { status } = await ledger.snapshot(experiment);
    if (status !== "running" && status !== "paused" && status !== "completed") return undefined;
    return { hash: await lastHash(ledger, experiment, ["Started"]) };
  };
}

export function cancelled({ ledger, experiment }: Actor): Earlier {
  return async () => {
    if ((await ledger.snapshot(experiment)).status !== "cancelled") return undefined;
    return { hash: await lastHash(ledger, experiment, ["Cancelled"]) };
  };
}

export function invited({ ledger, experiment }: Actor, learners: readonly string[]): Earlier {
  return async () => {
    const { config } = await ledger.experiment(experiment);
    // Where anybody may join, nobody is invited, whatever the view says.
    if (config.admission !== "invited" || (await ledger.snapshot(experiment)).status !== "enrolling") return undefined;
    const seen = await Promise.all(learners.map((learner) => ledger.snapshot(experiment, learner)));
    return seen.every((snapshot) => snapshot.invited) ? { hash: undefined } : undefined;
  };
}

export function proposed({ ledger, experiment, address }: Actor, round: number, weights: ContentId): Earlier {
  return async () => {
    const { proposer, proposal } = await ledger.round(experiment, round);
    if (proposer !== address || !proposal || !sameContentId(proposal, weights)) return undefined;
    return { hash: await lastHash(ledger, experiment, ["Proposed"], (args) => Number(args.round) === round) };
  };
}

/** A vote that counts, cast or revealed by whomever. */
export function voted(
  { ledger, experiment }: Actor,
  round: number,
  { voter, proposal, approve }: { readonly voter: string; readonly proposal: ContentId; readonly approve: boolean },
): Earlier {
  return async () => {
    const [seen, { index }] = await Promise.all([ledger.round(experiment, round), ledger.learner(experiment, voter)]);
    if (index === undefined || !seen.proposal || !sameContentId(seen.proposal, proposal)) return undefined;
    if (!has(approve ? seen.approvals : seen.rejections, index)) return undefined;
    const isVote = (args: Result) =>
      Number(args.round) === round && (args.voter === voter || (args.voters as Result | undefined)?.includes(voter));
    return { hash: await lastHash(ledger, experiment, ["Voted", "VotesCast"], (args) => isVote(args) === true) };
  };
}

/** Only its event tells what was sealed: where none is found, the refusal stands. */
export function sealed({ ledger, experiment, address }: Actor, round: number, commitment: string): Earlier {
  return async () => {
    const hash = await ledger.lastTransaction(
      experiment,
      ["VoteSealed"],
      (args) => Number(args.round) === round && args.voter === address && args.commitment === commitment,
    );
    return hash === undefined ? undefined : { hash };
  };
}

/** @param seen what was to be ended; without it nobody can tell whether that is over */
export function advanced({ ledger, experiment }: Actor, seen: AdvanceFrom | undefined): Earlier {
  return async () => {
    if (seen === undefined) return undefined;
    const now = await ledger.snapshot(experiment);
    const isOver = now.round > seen.round || (now.round === seen.round && isLater(now, seen));
    return isOver ? { hash: undefined } : undefined;
  };
}

/** What `advance` is to end. */
export type AdvanceFrom = Pick<Snapshot, "status" | "phase" | "round">;

/** Within a round only a later phase counts: an endpoint that lags behind shows an earlier one. */
function isLater(now: AdvanceFrom, seen: AdvanceFrom): boolean {
  if (isFinal(now.status) || now.status !== seen.status) return true;
  return phases.indexOf(now.phase) > phases.indexOf(seen.phase);
}

/** The hash is only told: an endpoint that gives no events keeps nothing from being done. */
function lastHash(
  ledger: Ledger,
  experiment: bigint,
  events: readonly string[],
  matches: (args: Result) => boolean = () => true,
): Promise<string | undefined> {
  return ledger.lastTransaction(experiment, events, matches).catch(() => undefined);
}
