/** Whether the files are there that an experiment's chain tells of, and are what they must be: one in memory at a time. */
import { ColearnError } from "../errors.ts";
import type { Evaluation } from "../learning/interface.ts";
import { StoreError } from "../storage/errors.ts";
import type { FetchOptions, Store } from "../storage/store.ts";
import { formatContentId, type ContentId } from "../weights/content-id.ts";
import { MAX_MANIFEST_BYTES, parseManifest, type Manifest } from "../weights/manifest.ts";
import { parseProposal } from "../weights/spec.ts";
import type { TrainingSummary, Weights, WeightsSpec } from "../weights/weights.ts";
import type { Report } from "./rules.ts";

export interface FilesRequest {
  readonly store: Store;
  /** Who may have what the store has not; nobody is asked where there are none. */
  readonly providers: readonly string[];
  readonly timeoutMilliseconds: number;
  readonly signal?: AbortSignal | undefined;
}

/** Scores weights on data of the auditor's own. */
export interface Scorer {
  testWeights(weights: Weights): Promise<Pick<Evaluation, "voteScore" | "testScore">>;
}

export interface AuditedFile {
  readonly state: "sound" | "missing" | "damaged" | "malformed";
  readonly detail?: string;
  /** What its proposer says of the training: a claim. */
  readonly summary?: TrainingSummary | undefined;
  /** The auditor's own scores. */
  readonly scores?: { readonly vote: number; readonly test: number };
}

/**
 * The experiment's manifest; nothing, and a violation, where it cannot be had.
 * @throws StoreError `unavailable` where the store does not work
 */
export async function checkManifest(
  request: FilesRequest,
  id: ContentId,
  report: Report,
): Promise<Manifest | undefined> {
  const found = await read(request, id, MAX_MANIFEST_BYTES);
  const complain = (rule: "manifest" | "damaged", detail: string) => {
    report(rule, 0, `the manifest ${formatContentId(id)} ${detail}`);
  };
  if (!(found instanceof Uint8Array)) {
    complain(found.state === "damaged" ? "damaged" : "manifest", found.detail ?? "");
    return undefined;
  }
  try {
    return parseManifest(found);
  } catch (error) {
    if (!(error instanceof ColearnError)) throw error;
    complain("manifest", `is none: ${error.message}`);
    return undefined;
  }
}

/**
 * One file of weights, checked, and scored where there is something to score with.
 * @throws StoreError `unavailable` where the store does not work
 */
export async function checkWeights(
  request: FilesRequest,
  id: ContentId,
  spec: WeightsSpec,
  scorer: Scorer | undefined,
): Promise<AuditedFile> {
  const found = await read(request, id, spec.maxBytes);
  if (!(found instanceof Uint8Array)) return found;
  let weights: Weights;
  try {
    weights = parseProposal(found, spec);
  } catch (error) {
    if (!(error instanceof ColearnError)) throw error;
    return { state: "malformed", detail: `is not what the manifest says: ${error.message}` };
  }
  const { summary } = weights;
  if (scorer === undefined) return { state: "sound", summary };
  const { voteScore: vote, testScore: test } = await scorer.testWeights(weights);
  return { state: "sound", summary, scores: { vote, test } };
}

/** A file's bytes, or why there are none. A damaged one is not fetched anew: who audits a store wants to know of it. */
async function read(
  { store, providers, timeoutMilliseconds, signal }: FilesRequest,
  id: ContentId,
  maxBytes: number,
): Promise<Uint8Array | AuditedFile> {
  const presence = await store.inspect(id);
  if (presence.state === "damaged") {
    const what =
      presence.block === formatContentId(id) ? "its bytes are" : `the bytes of its block ${presence.block} are`;
    return { state: "damaged", detail: `is damaged: ${what} not what the content id says` };
  }
  if (presence.state === "missing" && providers.length === 0) {
    return { state: "missing", detail: "is not in the store, and nobody else was asked" };
  }
  const options: FetchOptions = { maxBytes, timeoutMilliseconds, signal, providers };
  try {
    return await store.get(id, options);
  } catch (error) {
    if (!(error instanceof StoreError) || error.code === "unavailable") throw error;
    if (error.code === "not-found") return { state: "missing", detail: `is not there: ${error.message}` };
    return { state: "malformed", detail: `is refused: ${error.message}` };
  }
}
