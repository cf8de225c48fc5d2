/** Norms of the gradients of single examples, and weighted sums of them over the examples. */
import * as tf from "@tensorflow/tfjs-core";

/** The gradients of one variable, for each example of a batch. */
export interface VariableGradients {
  /** ‖gradient‖² of each example, [batch]. */
  readonly squaredNorms: tf.Tensor1D;
  /** The sum over examples of factor · gradient, of the variable's shape. `factors`: [batch]. */
  weightedSum(factors: tf.Tensor1D): tf.Tensor;
}

/** Gradients that are formed: what is measured is what is summed. `gradients`: [batch, ...], of a variable of this shape. */
export function formedGradients(gradients: tf.Tensor, shape: number[]): VariableGradients {
  const [batch = 0] = gradients.shape;
  const rows = tf.reshape(gradients, [batch, tf.util.sizeFromShape(shape)]);
  return {
    squaredNorms: squaredRows(rows),
    weightedSum: (factors) => tf.reshape(tf.matMul(tf.reshape(factors, [1, batch]), rows), shape),
  };
}

/** Σ values² of each example, [batch]. */
export function squaredRows(values: tf.Tensor): tf.Tensor1D {
  const [batch = 0] = values.shape;
  const size = values.size / Math.max(batch, 1);
  return tf.sum(tf.square(tf.reshape(values, [batch, size])), 1);
}

/** values times the factor of its example. `factors`: [batch]. */
export function scaleExamples<T extends tf.Tensor>(values: T, factors: tf.Tensor1D): T {
  const [batch = 0] = values.shape;
  return tf.mul(values, tf.reshape(factors, [batch, ...values.shape.slice(1).map(() => 1)]));
}
