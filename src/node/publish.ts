import type { Transactor } from "../ledger/transactor.ts";
import type { ExperimentConfig } from "../ledger/types.ts";
import type { Store } from "../storage/store.ts";
import type { ContentId } from "../weights/content-id.ts";

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
  files: { readonly manifest: Uint8Array; readonly weights: Uint8Array },
  rules: Omit<ExperimentConfig, "manifest" | "weights" | "enrolmentDeadline">,
  enrolmentSeconds: number,
): Promise<PublishedExperiment> {
  const manifest = await store.add(files.manifest);
  const weights = await store.add(files.weights);
  const now = await transactor.ledger.now();
  const config = { ...rules, manifest, weights, enrolmentDeadline: now + enrolmentSeconds };
  return { id: await transactor.createExperiment(config), manifest, weights };
}
