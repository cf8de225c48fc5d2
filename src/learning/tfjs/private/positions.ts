/** Sums over examples, and over the values of each. */
import * as tf from "@tensorflow/tfjs-core";

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
