import type { LayersModel } from "@tensorflow/tfjs-layers";
import { layers, sequential } from "@tensorflow/tfjs-layers";

import type { SampleKind } from "../data-loader.ts";
import { convolutions, initialKernels } from "../initial-kernels.ts";

/**
 * The model of fetchai/colearn's Keras example for chest X-rays: two 3×3 convolutions (32, 64), each with a batch
 * normalisation, 4×4 pooling between them, the maximum of each channel and the probability of a pneumonia; 19 265 weights,
 * moving statistics among them. Glorot-uniform kernels drawn from the seed, zero biases.
 */
export function buildModel(seed: number, { shape }: SampleKind): LayersModel {
  const kernel = initialKernels(seed);
  const convolution = convolutions(kernel, 3);
  return sequential({
    name: "xray",
    layers: [
      convolution("Conv1_1", 32, shape),
      layers.batchNormalization({ name: "bn1" }),
      layers.maxPooling2d({ name: "pool1", poolSize: 4 }),
      convolution("Conv2_1", 64),
      layers.batchNormalization({ name: "bn2" }),
      layers.globalMaxPooling2d({ name: "global_max_pooling", dataFormat: "channelsLast" }),
      layers.dense({ name: "fc1", units: 1, activation: "sigmoid", kernelInitializer: kernel() }),
    ],
  });
}
