import type { Logger } from "pino";

import type { Evaluation, MachineLearningInterface } from "../learning/interface.ts";
import type { JoinTerms, Transactor } from "../ledger/transactor.ts";
import type { ExperimentConfig, Snapshot } from "../ledger/types.ts";
import type { Store } from "../storage/store.ts";
import type { ContentId } from "../weights/content-id.ts";
import { parseProposal } from "../weights/spec.ts";
import type { PrivacyLimit, Stop } from "../weights/manifest.ts";
import type { Metric } from "../weights/metric.ts";
import type { WeightsSpec } from "../weights/weights.ts";
import type { Casting } from "./casting.ts";
import { fetchFile, type ContactBook } from "./contact.ts";
import type { Emit, Scores } from "./events.ts";
import type { Journal } from "./journal.ts";
import type { Keeping } from "./retention.ts";
import type { Secrets } from "./secrets.ts";

/** What a duty works with. */
export interface Context {
  readonly experiment: bigint;
  readonly transactor: Transactor;
  readonly store: Store;
  readonly contacts: ContactBook;
  readonly journal: Journal;
  readonly casting: Casting;
  readonly secrets: Secrets;
  /** What joining takes beside a contact. */
  readonly joinTerms: JoinTerms;
  /** Whether this node sends others' votes and calls: its contact says so. */
  readonly relay?: boolean;
  /** Whether votes are signed and given to relays: one may be in their hands, and not on the ledger. */
  readonly isRelayed?: boolean;
  readonly config: Pick<ExperimentConfig, "rounds" | "selection">;
  readonly learner: MachineLearningInterface;
  readonly spec: WeightsSpec;
  /** When the manifest stops the experiment early; undefined where it never does. */
  readonly stop: { readonly when: Stop; readonly direction: Metric["direction"] } | undefined;
  /** What the manifest allows each learner to spend of its data's privacy; undefined where it limits nothing. */
  readonly privacy?: PrivacyLimit | undefined;
  /** Which weights stay on disk. */
  readonly keeping: Keeping;
  readonly emit: Emit;
  /** Told how the experiment stands, whenever the ledger has said so. */
  readonly onSnapshot?: ((snapshot: Snapshot) => void) | undefined;
  readonly log: Logger;
  /** How long a fetch may stand still before the next provider, or the end. */
  readonly fetchTimeoutMilliseconds: number;
}

/** Fetches weights from this node's store or from other learners, and checks all that can be checked without a model. */
export async function fetchWeights(context: Context, id: ContentId, first: string | undefined, signal: AbortSignal) {
  const { spec, fetchTimeoutMilliseconds: timeoutMilliseconds } = context;
  const bytes = await fetchFile(context, id, { maxBytes: spec.maxBytes, signal, timeoutMilliseconds }, first);
  return parseProposal(bytes, spec);
}

export function scoresOf({ voteScore, testScore }: Omit<Evaluation, "vote">): Scores {
  return { voteScore: finite(voteScore), testScore: finite(testScore) };
}

/** JSON has no NaN. */
function finite(score: number): number | null {
  return Number.isFinite(score) ? score : null;
}

/** Runs and times. */
export async function timed<T>(work: () => Promise<T>): Promise<[result: T, milliseconds: number]> {
  const start = performance.now();
  const result = await work();
  return [result, Math.round(performance.now() - start)];
}
