/** Dropout whose masks depend on the round and the step only: a node that starts again trains what it trained before. */
import type { LayersModel } from "@tensorflow/tfjs-layers";

import type { Random } from "../random.ts";

const dropouts: readonly string[] = ["Dropout", "SpatialDropout1D"];

/**
 * Gives every dropout layer of the model a mask of its own for the next step. Without a seed tfjs draws from
 * Math.random, and with one that stays it drops the same units for ever. The seed is part of the model's topology.
 */
export function seedDropout({ layers }: Pick<LayersModel, "layers">, random: Random): void {
  for (const layer of layers) {
    if (dropouts.includes(layer.getClassName())) {
      // tfjs declares it private, and reads it at every call.
      (layer as { seed?: number }).seed = 1 + random.below(2 ** 31 - 1);
    }
    if ("layers" in layer) seedDropout(layer as unknown as LayersModel, random);
  }
}
