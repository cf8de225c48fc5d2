/**
 * Stochastic gradient descent for a linear model with an L2 penalty, one sample a step: the arithmetic of scikit-learn's
 * `partial_fit` (1.9, dense samples, no averaging), to which coefficients are equal up to rounding.
 */
import { sampleSize, type Samples } from "../samples.ts";
import type { LinearLoss } from "./losses.ts";

export type LearningRate = "optimal" | "constant" | "invscaling";

export interface SgdSettings {
  readonly loss: LinearLoss;
  /** The strength of the L2 penalty; it also sets the optimal learning rate. */
  readonly alpha: number;
  readonly learningRate: LearningRate;
  /** The rate at step 1, but for the optimal learning rate. */
  readonly eta0: number;
  /** The exponent of the inverse scaling. */
  readonly powerT: number;
}

/** A gradient is cut off here: a sample that far out must not end in infinities. */
const MAX_SLOPE = 1e12;
/** A smaller scale is multiplied out, or what is divided by it grows too large. */
const MIN_SCALE = 1e-9;

/** The learning rate by the step, counted from 1. */
export function rateBy({ loss, alpha, learningRate, eta0, powerT }: SgdSettings): (step: number) => number {
  if (learningRate === "constant") return () => eta0;
  if (learningRate === "invscaling") return (step) => eta0 / step ** powerT;
  // Bottou's heuristic: begin as if this many steps had been made, so that the first is as large as typical weights.
  const typicalWeight = Math.sqrt(1 / Math.sqrt(alpha));
  const firstRate = typicalWeight / Math.max(1, loss.slope(1, -typicalWeight));
  const stepsBefore = 1 / (firstRate * alpha);
  return (step) => 1 / (alpha * (stepsBefore + step - 1));
}

/**
 * Makes a step for each of these samples, in their order.
 * @param coefficients one number a feature, changed in place
 * @param yOf the target as the loss takes it
 * @param step the number of the first step, from 1
 * @returns the new intercept
 */
export function descend(
  coefficients: Float64Array,
  intercept: number,
  samples: Samples,
  rows: Uint32Array,
  yOf: (target: number) => number,
  settings: SgdSettings,
  step: number,
): number {
  const { inputs, targets, scale: inputScale } = samples;
  const { loss, alpha } = settings;
  const rateOf = rateBy(settings);
  const size = sampleSize(samples.shape);
  // The coefficients are `scale` times those in the array: the penalty then costs one multiplication a step.
  let scale = 1;
  for (const row of rows) {
    const start = row * size;
    let product = 0;
    for (let at = 0; at < size; at++) product += (coefficients[at] ?? NaN) * ((inputs[start + at] ?? NaN) * inputScale);
    const output = product * scale + intercept;
    const rate = rateOf(step++);
    const slope = loss.slope(yOf(targets[row] ?? NaN), output);
    const update = -rate * Math.min(Math.max(slope, -MAX_SLOPE), MAX_SLOPE);
    scale *= Math.max(0, 1 - rate * alpha);
    if (scale < MIN_SCALE) {
      multiply(coefficients, scale);
      scale = 1;
    }
    if (update === 0) continue;
    const factor = update / scale;
    for (let at = 0; at < size; at++) {
      coefficients[at] = (coefficients[at] ?? NaN) + (inputs[start + at] ?? NaN) * inputScale * factor;
    }
    intercept += update;
  }
  multiply(coefficients, scale);
  return intercept;
}

function multiply(values: Float64Array, factor: number): void {
  for (let at = 0; at < values.length; at++) values[at] = (values[at] ?? NaN) * factor;
}
