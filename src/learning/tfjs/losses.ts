/**
 * Losses by their Keras names: once as tensors, for the gradient, and once as plain arithmetic, for scores.
 */
import * as tf from "@tensorflow/tfjs-core";

import type { LossOfSample } from "../metrics.ts";
import { binaryCrossentropy, crossentropy, crossentropyFromLogits, EPSILON, squaredError } from "../sample-losses.ts";

export interface Loss {
  /** The mean loss of a batch. `targets`: [batch]. `outputs`: [batch, width]. */
  mean(targets: tf.Tensor1D, outputs: tf.Tensor2D): tf.Scalar;
  readonly ofSample: LossOfSample;
}

export type LossName =
  | "sparseCategoricalCrossentropy"
  | "sparseCategoricalCrossentropyFromLogits"
  | "binaryCrossentropy"
  | "meanSquaredError";

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
    ofSample: crossentropy,
  },
  /** Outputs are logits of each class, targets are classes. */
  sparseCategoricalCrossentropyFromLogits: {
    mean: (targets, outputs) => pickedMean(targets, tf.logSoftmax(outputs)),
    ofSample: crossentropyFromLogits,
  },
  /** One output, the probability of class 1 (sigmoid); targets are 0 or 1. */
  binaryCrossentropy: {
    mean: (targets, outputs) => {
      const probability = tf.clipByValue(tf.reshape(outputs, [-1]), EPSILON, 1 - EPSILON);
      const ofOne = tf.mul(targets, tf.log(probability));
      const ofZero = tf.mul(tf.sub(1, targets), tf.log(tf.sub(1, probability)));
      return tf.neg(tf.mean<tf.Scalar>(tf.add(ofOne, ofZero)));
    },
    ofSample: binaryCrossentropy,
  },
  /** One output, a value. */
  meanSquaredError: {
    mean: (targets, outputs) => tf.mean<tf.Scalar>(tf.squaredDifference(tf.reshape(outputs, [-1]), targets)),
    ofSample: squaredError,
  },
};
