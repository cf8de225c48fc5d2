import type { LayersModel } from "@tensorflow/tfjs-layers";
import { initializers, layers, sequential } from "@tensorflow/tfjs-layers";

import { randomFrom } from "../../learning/random.ts";
import { CLASSES, FEATURES } from "./flowers.ts";

const HIDDEN_UNITS = 16;

/** A hidden layer of 16 and a softmax of 3; 131 weights. Glorot-uniform kernels drawn from the seed, zero biases. */
export function buildModel(seed: number): LayersModel {
  const random = randomFrom("initial weights", seed);
  const kernelInitializer = (): ReturnType<typeof initializers.glorotUniform> =>
    initializers.glorotUniform({ seed: random.below(2 ** 31) });
  return sequential({
    name: "iris",
    layers: [
      layers.dense({
        name: "hidden",
        units: HIDDEN_UNITS,
        activation: "relu",
        inputShape: [FEATURES],
        kernelInitializer: kernelInitializer(),
      }),
      layers.dense({
        name: "species",
        units: CLASSES.length,
        activation: "softmax",
        kernelInitializer: kernelInitializer(),
      }),
    ],
  });
}
