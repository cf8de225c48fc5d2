import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { UserError } from "../errors.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { layersModelFiles } from "../learning/tfjs/files.ts";
import type { Store } from "../storage/store.ts";
import { formatContentId, type ContentId } from "../weights/content-id.ts";
import { encodeManifest, MAX_MANIFEST_BYTES, parseManifest, type Manifest } from "../weights/manifest.ts";
import { parseProposal } from "../weights/spec.ts";
import type { Weights } from "../weights/weights.ts";
import { ContactBook, fetchFile } from "./contact.ts";

export interface ExportRequest {
  readonly ledger: Ledger;
  readonly experiment: bigint;
  readonly store: Store;
  /** Multiaddresses beyond those on the ledger. */
  readonly peers?: readonly string[];
  /** Whose proposal to take home; the current weights where left out, the initial ones for 0. */
  readonly round?: number | undefined;
  readonly timeoutMilliseconds: number;
}

export interface TrainedModel {
  readonly manifest: Manifest;
  readonly weights: Weights;
  readonly contentId: ContentId;
  /** The safetensors file as it is on IPFS. */
  readonly bytes: Uint8Array;
  readonly round: number;
}

/** Fetches an experiment's manifest and weights, from the store or from the learners, and checks them. */
export async function fetchModel(request: ExportRequest): Promise<TrainedModel> {
  const { ledger, experiment, store, timeoutMilliseconds } = request;
  const contacts = new ContactBook(ledger, experiment, request.peers ?? []);
  const { config } = await ledger.experiment(experiment);
  const { contentId, round } = await weightsOf(request);
  const get = (id: ContentId, maxBytes: number) =>
    fetchFile({ store, contacts }, id, { maxBytes, timeoutMilliseconds });
  const manifest = parseManifest(await get(config.manifest, MAX_MANIFEST_BYTES));
  const bytes = await get(contentId, manifest.weights.maxBytes);
  return { manifest, weights: parseProposal(bytes, manifest.weights), contentId, bytes, round };
}

async function weightsOf({
  ledger,
  experiment,
  round,
}: ExportRequest): Promise<{ contentId: ContentId; round: number }> {
  const snapshot = await ledger.snapshot(experiment);
  if (round === undefined) return { contentId: snapshot.weights, round: snapshot.weightsRound };
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
export async function writeModel(directory: string, { manifest, weights, bytes }: TrainedModel): Promise<string[]> {
  const { format, topology } = manifest.model;
  const files: Record<string, string | Uint8Array> = {
    "weights.safetensors": bytes,
    "manifest.json": encodeManifest(manifest),
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

export function describeModel({ contentId, round }: TrainedModel): string {
  return `${formatContentId(contentId)} (${round === 0 ? "the initial weights" : `proposed in round ${round}`})`;
}
