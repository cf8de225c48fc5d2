/**
 * Losses by their Keras names: once as tensors, for the gradient, and once as plain arithmetic on one sample, for scores
 * that are the same on every backend.
 */
import * as tf from "@tensorflow/tfjs-core";

/** Keras' fuzz factor: keeps a logarithm away from zero. */
const EPSILON = 1e-7;

export interface Loss {
  /** The mean loss of a batch. `targets`: [batch]. `outputs`: [batch, width]. */
  mean(targets: tf.Tensor1D, outputs: tf.Tensor2D): tf.Scalar;
  /** The loss of one sample from its `width` outputs. */
  ofSample(target: number, outputs: Float32Array): number;
}

export type LossName =
  | "sparseCategoricalCrossentropy"
  | "sparseCategoricalCrossentropyFromLogits"
  | "binaryCrossentropy"
  | "meanSquaredError";

const clip = (probability: number): number => Math.min(Math.max(probability, EPSILON), 1 - EPSILON);

/** -log p[class] averaged over the batch. `logProbabilities`: [batch, classes]. */
function pickedMean(targets: tf.Tensor1D, logProbabilities: tf.Tensor2D): tf.Scalar {
  const chosen = tf.oneHot(tf.cast(targets, "int32"), logProbabilities.shape[1]);
  const picked = tf.sum(tf.mul(chosen, logProbabilities), -1);
  return tf.neg(tf.mean<tf.Scalar>(picked));
}

export const losses: Readonly<Record<LossName, Loss>> = {
  /** Outputs are the probabilities of each class (softmax), targets are classes. */
  sparseCategoricalCrossentropy: {
    mean: (targets, outputs) => pickedMean(targets, tf.log(tf.clipByValue(outputs, EPSILON, 1 - EPSILON))),
    ofSample: (target, outputs) => -Math.log(clip(outputs[target] ?? NaN)),
  },
  /** Outputs are logits of each class, targets are classes. */
  sparseCategoricalCrossentropyFromLogits: {
    mean: (targets, outputs) => pickedMean(targets, tf.logSoftmax(outputs)),
    ofSample: (target, outputs) => {
      const largest = Math.max(...outputs);
      const total = outputs.reduce((sum, logit) => sum + Math.exp(logit - largest), 0);
      return largest + Math.log(total) - (outputs[target] ?? NaN);
    },
  },
  /** One output, the probability of class 1 (sigmoid); targets are 0 or 1. */
  binaryCrossentropy: {
    mean: (targets, outputs) => {
      const probability = tf.clipByValue(tf.reshape(outputs, [-1]), EPSILON, 1 - EPSILON);
      const ofOne = tf.mul(targets, tf.log(probability));
      const ofZero = tf.mul(tf.sub(1, targets), tf.log(tf.sub(1, probability)));
      return tf.neg(tf.mean<tf.Scalar>(tf.add(ofOne, ofZero)));
    },
    ofSample: (target, outputs) => {
      const probability = clip(outputs[0] ?? NaN);
      return -(target * Math.log(probability) + (1 - target) * Math.log(1 - probability));
    },
  },
  /** One output, a value. */
  meanSquaredError: {
    mean: (targets, outputs) => tf.mean<tf.Scalar>(tf.squaredDifference(tf.reshape(outputs, [-1]), targets)),
    ofSample: (target, outputs) => ((outputs[0] ?? NaN) - target) ** 2,
  },
};
