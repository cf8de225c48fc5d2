import type { LayersModel } from "@tensorflow/tfjs-layers";
import { layers, sequential } from "@tensorflow/tfjs-layers";

import { convolutions, initialKernels } from "../initial-kernels.ts";
import { CLASSES, IMAGE_SHAPE } from "../mnist/files.ts";

/** Two 3×3 convolutions (64, 128) with 2×2 pooling and a softmax of 10; 137 226 weights. */
export function buildModel(seed: number): LayersModel {
  const kernels = initialKernels(seed);
  const convolution = convolutions(kernels, 3);
  return sequential({
    name: "mnist-diffpriv",
    layers: [
      convolution("Conv1_1", 64, IMAGE_SHAPE),
      layers.maxPooling2d({ name: "pool1", poolSize: 2 }),
      convolution("Conv2_1", 128),
      layers.maxPooling2d({ name: "pool2", poolSize: 2 }),
      layers.flatten({ name: "flatten" }),
      layers.dense({ name: "fc1", units: CLASSES, activation: "softmax", kernelInitializer: kernels() }),
    ],
  });
}
