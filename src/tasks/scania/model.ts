import type { LayersModel } from "@tensorflow/tfjs-layers";

import { buildMlp } from "../table/mlp.ts";
import { FEATURES } from "./trucks.ts";

/** Hidden layers of 100 and 50, and a softmax of 2, as fetchai/colearn's; 22 252 weights. */
export function buildModel(seed: number): LayersModel {
  return buildMlp({ name: "scania", inputs: FEATURES, hidden: [100, 50], outputs: 2, activation: "softmax" }, seed);
}
