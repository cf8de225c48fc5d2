import type { LayersModel } from "@tensorflow/tfjs-layers";
import { layers, sequential } from "@tensorflow/tfjs-layers";

import { initialKernels } from "../initial-kernels.ts";
import { CLASSES, FEATURES } from "./flowers.ts";

const HIDDEN_UNITS = 16;

/** A hidden layer of 16 and a softmax of 3; 131 weights. Glorot-uniform kernels drawn from the seed, zero biases. */
export function buildModel(seed: number): LayersModel {
  const kernels = initialKernels(seed);
  return sequential({
    name: "iris",
    layers: [
      layers.dense({
        name: "hidden",
        units: HIDDEN_UNITS,
        activation: "relu",
        inputShape: [FEATURES],
        kernelInitializer: kernels(),
      }),
      layers.dense({
        name: "species",
        units: CLASSES.length,
        activation: "softmax",
        kernelInitializer: kernels(),
      }),
    ],
  });
}
