/** Losses as plain arithmetic on one sample, for scores that are the same on every backend. */
import type { LossOfSample } from "./metrics.ts";

/** Keras' fuzz factor: keeps a logarithm away from zero. */
export const EPSILON = 1e-7;

const clip = (probability: number): number => Math.min(Math.max(probability, EPSILON), 1 - EPSILON);

/** Outputs are the probabilities of each class. */
export const crossentropy: LossOfSample = (target, outputs) => -Math.log(clip(outputs[target] ?? NaN));

/** Outputs are logits of each class. */
export const crossentropyFromLogits: LossOfSample = (target, outputs) => {
  let largest = -Infinity;
  for (const logit of outputs) largest = Math.max(largest, logit);
  let total = 0;
  for (const logit of outputs) total += Math.exp(logit - largest);
  return largest + Math.log(total) - (outputs[target] ?? NaN);
};

/** One output, the probability of class 1. */
export const binaryCrossentropy: LossOfSample = (target, outputs) => {
  const probability = clip(outputs[0] ?? NaN);
  return -(target * Math.log(probability) + (1 - target) * Math.log(1 - probability));
};

/** One output, a value. */
export const squaredError: LossOfSample = (target, outputs) => ((outputs[0] ?? NaN) - target) ** 2;
