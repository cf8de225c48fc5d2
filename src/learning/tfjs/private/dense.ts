import * as tf from "@tensorflow/tfjs-core";

import { scaleExamples, squaredRows } from "./positions.ts";
import type { Affine, ExampleGradients, ExampleRule, Layer } from "./rule.ts";
import { onlyInput } from "./rule.ts";

/**
 * Dense layers. An example's gradient is input ⊗ gradient, whose norm is the product of theirs (Goodfellow, "Efficient
 * per-example gradient computations", 2015).
 */
export function denseRule(layer: Layer): ExampleRule | undefined {
  if (layer.getClassName() !== "Dense") return undefined;
  const { kernel, bias, activation } = layer as unknown as Affine;
  const [rows = 0, columns = 0] = kernel.shape as number[];
  return {
    before(inputs) {
      const input = onlyInput(inputs);
      const product = tf.matMul(tf.reshape(input, [-1, rows]), kernel.read());
      const outputs = bias === null ? product : tf.add(product, bias.read());
      return tf.reshape(outputs, [...input.shape.slice(0, -1), columns]);
    },
    after: (outputs) => (activation === null ? outputs : activation.apply(outputs)),
    gradients(inputs, _options, gradient) {
      const [batch = 0] = gradient.shape;
      const positions = gradient.size / columns / batch;
      const ins = tf.reshape(onlyInput(inputs), [batch, positions, rows]);
      const outs = tf.reshape(gradient, [batch, positions, columns]);
      const ofKernel = kernelGradients(ins as tf.Tensor3D, outs as tf.Tensor3D);
      const ofBias = bias === null ? undefined : tf.sum<tf.Tensor2D>(outs, 1);
      return {
        squaredNorms: ofBias ? tf.add(ofKernel.squaredNorms, squaredRows(ofBias)) : ofKernel.squaredNorms,
        weightedSum: (factors) => ({
          [kernel.name]: ofKernel.weightedSum(factors),
          ...(bias && ofBias && { [bias.name]: tf.sum(scaleExamples(ofBias, factors), 0) }),
        }),
      };
    },
  };
}

interface KernelGradients {
  readonly squaredNorms: ExampleGradients["squaredNorms"];
  weightedSum(factors: tf.Tensor1D): tf.Tensor;
}

/** `inputs`: [batch, positions, rows]. `gradients`: [batch, positions, columns]. */
function kernelGradients(inputs: tf.Tensor3D, gradients: tf.Tensor3D): KernelGradients {
  const [batch, positions, rows] = inputs.shape;
  const [, , columns] = gradients.shape;
  if (positions === 1) {
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
  // Of several positions the gradients are formed: their norms cannot be told from the positions' without losing what cancels.
  const single = tf.reshape(tf.matMul(inputs, gradients, true), [batch, rows * columns]);
  return {
    squaredNorms: squaredRows(single),
    weightedSum: (factors) => tf.reshape(tf.matMul(tf.reshape(factors, [1, batch]), single), [rows, columns]),
  };
}
