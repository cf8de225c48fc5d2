import type { LayersModel } from "@tensorflow/tfjs-layers";

import type { SampleKind } from "../data-loader.ts";
import { buildMlp } from "../table/mlp.ts";

/** Hidden layers of 256 to 16 with dropout, and a softmax of 3, as fetchai/colearn's, but of all features. */
export function buildModel(seed: number, { shape, classes }: SampleKind): LayersModel {
  const hidden = [256, 128, 64, 32, 16];
  const [inputs = 0] = shape;
  return buildMlp({ name: "covid", inputs, hidden, dropout: 0.2, outputs: classes ?? 1, activation: "softmax" }, seed);
}
