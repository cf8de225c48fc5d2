import type { LayersModel } from "@tensorflow/tfjs-layers";

import { buildMlp } from "../table/mlp.ts";
import { FEATURES } from "./columns.ts";

/** Three hidden layers of 512, each with batch normalisation, and a sigmoid, as fetchai/colearn's; 753 153 weights. */
export function buildModel(seed: number): LayersModel {
  const hidden = [512, 512, 512];
  return buildMlp(
    { name: "fraud", inputs: FEATURES, hidden, normalised: true, outputs: 1, activation: "sigmoid" },
    seed,
  );
}
