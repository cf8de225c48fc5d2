import * as tf from "@tensorflow/tfjs-core";

import { affineRule } from "./affine.ts";
import type { ExampleRule, Layer } from "./rule.ts";
import { formedGradients, scaleExamples, squaredRows, type VariableGradients } from "./sums.ts";

/**
 * Dense layers. An example's gradient is input ⊗ gradient, whose norm is the product of theirs (Goodfellow, "Efficient
 * per-example gradient computations", 2015).
 */
export function denseRule(layer: Layer): ExampleRule | undefined {
  if (layer.getClassName() !== "Dense") return undefined;
  return affineRule(layer, {
    of(input, kernel) {
      const [rows, columns] = kernel.shape as [number, number];
      const product = tf.matMul(tf.reshape(input, [-1, rows]), kernel);
      return tf.reshape(product, [...input.shape.slice(0, -1), columns]);
    },
    kernelGradients(input, gradient, kernelShape) {
      const [batch = 0] = gradient.shape;
      const [rows, columns] = kernelShape as [number, number];
      const positions = gradient.size / columns / batch;
      const ins: tf.Tensor3D = tf.reshape(input, [batch, positions, rows]);
      const outs: tf.Tensor3D = tf.reshape(gradient, [batch, positions, columns]);
      if (positions === 1) return outerProducts(ins, outs);
      // Of several positions the gradients are formed: their norms cannot be told from the positions' without losing what cancels.
      return formedGradients(tf.matMul(ins, outs, true), kernelShape);
    },
  });
}

/** `inputs`: [batch, 1, rows]. `gradients`: [batch, 1, columns]. */
function outerProducts(inputs: tf.Tensor3D, gradients: tf.Tensor3D): VariableGradients {
  const [batch, , rows] = inputs.shape;
  const [, , columns] = gradients.shape;
  return {
    squaredNorms: tf.mul(squaredRows(inputs), squaredRows(gradients)),
    weightedSum: (factors) =>
      tf.matMul(
        tf.reshape(inputs, [batch, rows]),
        tf.reshape(scaleExamples(gradients, factors), [batch, columns]),
        true,
      ),
  };
}
