import type { Model } from "../../learning/interface.ts";
import type { PlainModel } from "../../learning/model-learner.ts";

/** What the manifest holds of a model that needs no tensors. */
export function describePlain({ format, topology, initial }: PlainModel): Model {
  return { format, topology, weights: initial };
}
