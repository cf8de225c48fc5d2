/** From what the contract answers and logs, as ethers decodes it, to this project's words. */
import { ZeroAddress, ZeroHash } from "ethers";

import type { ContentId } from "../weights/content-id.ts";
import { admissions, ballots, selections, type ExperimentConfig } from "./types.ts";

export interface RawContentId {
  readonly digest: string;
  readonly codec: bigint;
}

/** A tuple with names, as ethers gives it. */
export type RawConfig = Readonly<Record<string, bigint>> & {
  readonly manifest: RawContentId;
  readonly weights: RawContentId;
  readonly earlyDecision: boolean;
  readonly stakes: string;
};

export const contentId = ({ digest, codec }: RawContentId): ContentId => ({ digest, codec: Number(codec) });

export const contentIdOrNone = (raw: RawContentId) => (raw.digest === ZeroHash ? undefined : contentId(raw));

/** The name that a number of the contract's enums stands for. */
export function member<T>(names: readonly T[], value: bigint): T {
  const name = names[Number(value)];
  if (name === undefined) throw new Error(`the contract answered ${value}, which this version does not know`);
  return name;
}

export function configOf(raw: RawConfig): ExperimentConfig {
  const number = (field: string) => Number(raw[field]);
  return {
    manifest: contentId(raw.manifest),
    weights: contentId(raw.weights),
    rounds: number("rounds"),
    minLearners: number("minLearners"),
    maxLearners: number("maxLearners"),
    approvalBps: number("approvalBps"),
    proposeWindow: number("proposeWindow"),
    voteWindow: number("voteWindow"),
    pauseLimit: number("pauseLimit"),
    enrolmentDeadline: number("enrolmentDeadline"),
    admission: member(admissions, raw.admission ?? 0n),
    selection: member(selections, raw.selection ?? 0n),
    ballot: member(ballots, raw.ballot ?? 0n),
    earlyDecision: raw.earlyDecision,
    revealWindow: number("revealWindow"),
    stakes: raw.stakes === ZeroAddress ? undefined : raw.stakes,
  };
}
