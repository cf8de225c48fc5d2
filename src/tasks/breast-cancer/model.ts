import type { LayersModel } from "@tensorflow/tfjs-layers";

import { buildMlp } from "../table/mlp.ts";
import { FEATURES } from "./measurements.ts";

/** A hidden layer of 16 and a sigmoid; 513 weights. */
export function buildModel(seed: number): LayersModel {
  return buildMlp({ name: "breast-cancer", inputs: FEATURES, hidden: [16], outputs: 1, activation: "sigmoid" }, seed);
}
