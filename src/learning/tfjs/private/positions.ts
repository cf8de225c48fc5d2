/**
 * The gradients of single examples of a layer that multiplies each position's values by one matrix: the inputs are
 * [batch, positions, rows], the gradients by the outputs [batch, positions, columns], and an example's gradient is
 * inputsᵀ · gradients, [rows, columns].
 */
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

/**
 * ‖inputsᵀ · gradients‖² without that product: <inputs · inputsᵀ, gradients · gradientsᵀ>, which is cheaper for few
 * positions (Li et al., "Large language models can be strong differentially private learners", 2022; for convolutions
 * Bu et al., "Scalable and efficient training of large convolutional neural networks with differential privacy", 2022).
 */
export function ghostSquaredNorms(inputs: tf.Tensor3D, gradients: tf.Tensor3D): tf.Tensor1D {
  const [batch, positions] = inputs.shape;
  const gram = (x: tf.Tensor3D): tf.Tensor2D =>
    tf.reshape(tf.matMul(x, x, false, true), [batch, positions * positions]);
  // Rounding may leave a small negative number.
  return tf.relu(tf.sum<tf.Tensor1D>(tf.mul(gram(inputs), gram(gradients)), 1));
}

/** Whether ghostSquaredNorms is cheaper than the gradients themselves, by the number of multiplications. */
export function ghostPays(positions: number, rows: number, columns: number): boolean {
  return positions * (rows + columns) < rows * columns;
}
