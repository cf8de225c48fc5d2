import type { Transactor } from "../ledger/transactor.ts";
import type { ExperimentConfig } from "../ledger/types.ts";
import type { Store } from "../storage/store.ts";
import type { ContentId } from "../weights/content-id.ts";
import { encodeManifest, type Manifest } from "../weights/manifest.ts";
import { encodeWeights } from "../weights/safetensors.ts";
import type { Weights } from "../weights/weights.ts";

export interface PublishedExperiment {
  readonly id: bigint;
  readonly manifest: ContentId;
  readonly weights: ContentId;
}

/**
 * Puts an experiment's manifest and initial weights into a store, and their ids with the rules on the ledger.
 * @param enrolmentSeconds how long learners have to join before anyone may start or cancel
 */
export async function publishExperiment(
  transactor: Transactor,
  store: Store,
  draft: { readonly manifest: Manifest; readonly weights: Weights },
  rules: Omit<ExperimentConfig, "manifest" | "weights" | "enrolmentDeadline">,
  enrolmentSeconds: number,
): Promise<PublishedExperiment> {
  const manifest = await store.add(encodeManifest(draft.manifest));
  const weights = await store.add(encodeWeights(draft.weights));
  const now = await transactor.ledger.now();
  const config = { ...rules, manifest, weights, enrolmentDeadline: now + enrolmentSeconds };
  return { id: await transactor.createExperiment(config), manifest, weights };
}
