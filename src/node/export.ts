import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { UserError } from "../errors.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { Snapshot } from "../ledger/types.ts";
import { layersModelFiles } from "../learning/tfjs/files.ts";
import type { Store } from "../storage/store.ts";
import { formatContentId, type ContentId } from "../weights/content-id.ts";
import { MAX_MANIFEST_BYTES, parseManifest, type Manifest } from "../weights/manifest.ts";
import type { Metric } from "../weights/metric.ts";
import { parseProposal } from "../weights/spec.ts";
import type { Weights } from "../weights/weights.ts";
import { agreedScore, bestRound } from "./checkpoints.ts";
import { ContactBook, fetchFile } from "./contact.ts";
import { History } from "./history.ts";

/** Which of an experiment's weights; "best" are those of the accepted round with the best score. */
export type Checkpoint = number | "best" | "last";

export interface ExportRequest {
  readonly ledger: Ledger;
  readonly experiment: bigint;
  readonly store: Store;
  /** Multiaddresses beyond those on the ledger. */
  readonly peers?: readonly string[];
  /** Whose proposal to take: the initial weights for 0, the current ones for "last" and where left out. */
  readonly round?: Checkpoint | undefined;
  readonly timeoutMilliseconds: number;
}

export interface TrainedModel {
  readonly manifest: Manifest;
  readonly weights: Weights;
  readonly contentId: ContentId;
  /** The safetensors file as it is on IPFS. */
  readonly bytes: Uint8Array;
  /** The manifest as it is on IPFS. */
  readonly manifestBytes: Uint8Array;
  readonly round: number;
  /** What the voters gave these weights, in the manifest's metric; undefined for the initial ones. */
  readonly score: number | undefined;
}

/** Fetches an experiment's manifest alone, from the store or from the learners. */
export async function readManifest({ ledger, experiment, store, ...request }: ExportRequest): Promise<Manifest> {
  const contacts = new ContactBook(ledger, experiment, request.peers ?? []);
  const { config } = await ledger.experiment(experiment);
  const limits = { maxBytes: MAX_MANIFEST_BYTES, timeoutMilliseconds: request.timeoutMilliseconds };
  return parseManifest(await fetchFile({ store, contacts }, config.manifest, limits));
}

/** Fetches an experiment's manifest and weights, from the store or from the learners, and checks them. */
export async function fetchModel(request: ExportRequest): Promise<TrainedModel> {
  const { ledger, experiment, store, timeoutMilliseconds } = request;
  const contacts = new ContactBook(ledger, experiment, request.peers ?? []);
  const { config } = await ledger.experiment(experiment);
  const get = (id: ContentId, maxBytes: number) =>
    fetchFile({ store, contacts }, id, { maxBytes, timeoutMilliseconds });
  // What may be refused from the ledger alone is, before anything is fetched.
  const snapshot = await ledger.snapshot(experiment);
  const asked = request.round === "best" ? undefined : await weightsOf(request, snapshot, request.round);
  const manifestBytes = await get(config.manifest, MAX_MANIFEST_BYTES);
  const manifest = parseManifest(manifestBytes);
  const { direction } = manifest.metric;
  const { contentId, round } =
    asked ?? (await weightsOf(request, snapshot, await findBest(request, snapshot, direction)));
  const bytes = await get(contentId, manifest.weights.maxBytes);
  const weights = parseProposal(bytes, manifest.weights);
  const votes = round === 0 ? [] : (await ledger.votes(experiment)).filter((vote) => vote.round === round);
  const scores = votes.map((vote) => vote.score);
  return { manifest, weights, contentId, bytes, manifestBytes, round, score: agreedScore(scores, direction) };
}

/** @throws UserError where no accepted round has a score */
async function findBest({ ledger, experiment }: ExportRequest, snapshot: Snapshot, direction: Metric["direction"]) {
  const best = bestRound(await new History(ledger, experiment, direction).at(snapshot), direction);
  if (best !== undefined) return best;
  throw new UserError("round", `experiment ${experiment} has no accepted round with a score, and so no best one`, {
    remedy: "give --round 0 for the initial weights",
  });
}

async function weightsOf(
  { ledger, experiment }: ExportRequest,
  snapshot: Snapshot,
  round: number | "last" = "last",
): Promise<{ contentId: ContentId; round: number }> {
  if (round === "last") return { contentId: snapshot.weights, round: snapshot.weightsRound };
  if (round > snapshot.round) {
    throw new UserError("round", `experiment ${experiment} is only at round ${snapshot.round}, not ${round}`, {
      remedy: "give an earlier round with --round",
    });
  }
  const { proposal } = await ledger.round(experiment, round);
  if (proposal === undefined) {
    throw new UserError("round", `round ${round} of experiment ${experiment} has no proposal`, {
      remedy: "give another round with --round",
    });
  }
  return { contentId: proposal, round };
}

/**
 * Writes a model into a folder: `model.json` and `weights.bin` for `tf.loadLayersModel`, `weights.safetensors` as on
 * IPFS, and the manifest.
 * @throws UserError when the folder cannot be written
 */
export async function writeModel(
  directory: string,
  { manifest, manifestBytes, weights, bytes }: TrainedModel,
): Promise<string[]> {
  const { format, topology } = manifest.model;
  const files: Record<string, string | Uint8Array> = {
    "weights.safetensors": bytes,
    "manifest.json": manifestBytes,
    ...(format === "tfjs-layers" ? layersModelFiles({ format, topology, weights }) : {}),
  };
  try {
    await mkdir(directory, { recursive: true });
    for (const [name, content] of Object.entries(files)) await writeFile(join(directory, name), content);
  } catch (cause) {
    throw new UserError("out", `the model cannot be written to ${directory}: ${String(cause)}`, {
      remedy: "name a folder that can be written with --out",
      cause,
    });
  }
  return Object.keys(files);
}

export function describeModel({ contentId, round, score, manifest }: TrainedModel): string {
  const scored = score === undefined ? "" : `, ${manifest.metric.name} ${score}`;
  return `${formatContentId(contentId)} (${round === 0 ? "the initial weights" : `proposed in round ${round}`}${scored})`;
}
