import type { LayersModel } from "@tensorflow/tfjs-layers";

import type { SampleKind } from "../data-loader.ts";
import { threeConvolutions } from "../mnist/model.ts";

export function buildModel(seed: number, sample: SampleKind): LayersModel {
  return threeConvolutions("cifar10", seed, sample);
}
