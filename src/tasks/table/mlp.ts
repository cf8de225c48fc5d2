import type { LayersModel } from "@tensorflow/tfjs-layers";
import { layers, sequential } from "@tensorflow/tfjs-layers";

import { initialKernels } from "../initial-kernels.ts";

export interface MlpShape {
  readonly name: string;
  readonly inputs: number;
  /** Units of each hidden layer, with ReLU. */
  readonly hidden: readonly number[];
  readonly outputs: number;
  readonly activation: "sigmoid" | "softmax" | "linear";
  /** Whether a batch normalisation follows each hidden layer. */
  readonly normalised?: boolean;
  /** Part of each hidden layer's outputs that a training step leaves out. */
  readonly dropout?: number;
}

/** Dense layers, one after the other. Glorot-uniform kernels drawn from the seed, zero biases. */
export function buildMlp(shape: MlpShape, seed: number): LayersModel {
  const kernels = initialKernels(seed);
  const model = sequential({ name: shape.name });
  for (const [index, units] of shape.hidden.entries()) {
    model.add(
      layers.dense({
        name: `hidden${index + 1}`,
        units,
        activation: "relu",
        kernelInitializer: kernels(),
        ...(index === 0 && { inputShape: [shape.inputs] }),
      }),
    );
    if (shape.normalised) model.add(layers.batchNormalization({ name: `bn${index + 1}` }));
    if (shape.dropout !== undefined) model.add(layers.dropout({ name: `dropout${index + 1}`, rate: shape.dropout }));
  }
  model.add(
    layers.dense({
      name: "output",
      units: shape.outputs,
      activation: shape.activation,
      kernelInitializer: kernels(),
    }),
  );
  return model;
}
