import type { LayersModel } from "@tensorflow/tfjs-layers";
import { layers, sequential } from "@tensorflow/tfjs-layers";

import type { SampleKind } from "../data-loader.ts";
import { convolutions, initialKernels } from "../initial-kernels.ts";

/**
 * The model of fetchai/colearn's Keras examples for MNIST and CIFAR-10: three 5×5 convolutions (32, 32, 64) with 2×2 pooling, a dense
 * layer of 64 and a softmax; 115 306 weights for MNIST, 145 578 for CIFAR-10. Glorot-uniform kernels drawn from the seed, zero biases.
 */
export function threeConvolutions(name: string, seed: number, { shape, classes }: SampleKind): LayersModel {
  const kernel = initialKernels(seed);
  const convolution = convolutions(kernel, 5);
  const pooling = (name: string): ReturnType<typeof layers.maxPooling2d> => layers.maxPooling2d({ name, poolSize: 2 });
  return sequential({
    name,
    layers: [
      convolution("Conv1_1", 32, shape),
      pooling("pool1"),
      convolution("Conv2_1", 32),
      pooling("pool2"),
      convolution("Conv3_1", 64),
      pooling("pool3"),
      layers.flatten({ name: "flatten" }),
      layers.dense({ name: "fc1", units: 64, activation: "relu", kernelInitializer: kernel() }),
      layers.dense({ name: "fc2", units: classes ?? 1, activation: "softmax", kernelInitializer: kernel() }),
    ],
  });
}

export function buildModel(seed: number, sample: SampleKind): LayersModel {
  return threeConvolutions("mnist", seed, sample);
}
