/** What layers share that multiply by a kernel, add a bias and apply an activation: Dense and Conv2D. */
import * as tf from "@tensorflow/tfjs-core";
import type { layers } from "@tensorflow/tfjs-layers";

import { exampleGradients, type ExampleRule, type Layer, onlyInput } from "./rule.ts";
import { formedGradients, type VariableGradients } from "./sums.ts";

/** What such layers have and do not show in their types. */
interface Affine {
  readonly kernel: layers.Layer["weights"][number];
  readonly bias: layers.Layer["weights"][number] | null;
  readonly activation: { apply(x: tf.Tensor): tf.Tensor } | null;
}

export interface Product {
  /** The layer's part before the bias: [batch, ..., columns]. */
  of(input: tf.Tensor, kernel: tf.Tensor): tf.Tensor;
  /** @param gradient by the product, [batch, ..., columns] */
  kernelGradients(input: tf.Tensor, gradient: tf.Tensor, kernelShape: number[]): VariableGradients;
}

/** A bias is the same at all positions of an example, and so its gradient is their sum. */
export function affineRule(layer: Layer, product: Product): ExampleRule {
  const { kernel, bias, activation } = layer as unknown as Affine;
  const kernelShape = kernel.shape as number[];
  return {
    before(inputs) {
      const outputs = product.of(onlyInput(inputs), kernel.read());
      return bias === null ? outputs : tf.add(outputs, bias.read());
    },
    after: (outputs) => (activation === null ? outputs : activation.apply(outputs)),
    gradients(inputs, _options, gradient) {
      const ofVariables = new Map([[kernel.name, product.kernelGradients(onlyInput(inputs), gradient, kernelShape)]]);
      if (bias !== null) {
        const positions = gradient.shape.map((_, axis) => axis).slice(1, -1);
        const sums = positions.length === 0 ? gradient : tf.sum(gradient, positions);
        ofVariables.set(bias.name, formedGradients(sums, bias.shape as number[]));
      }
      return exampleGradients(ofVariables);
    },
  };
}
