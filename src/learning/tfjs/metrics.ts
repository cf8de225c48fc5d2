import { ColearnError } from "../../errors.ts";
import type { Loss } from "./losses.ts";

/** What one sample adds to a metric, from its target and the model's `width` outputs for it; the metric is the mean. */
export type SampleScore = (target: number, outputs: Float32Array) => number;

/** 1 for a right class, else 0: the largest of several outputs, or one output, a probability, against a half. */
const accuracy: SampleScore = (target, outputs) => {
  if (outputs.length === 1) return ((outputs[0] ?? NaN) >= 0.5 ? 1 : 0) === target ? 1 : 0;
  let best = 0;
  for (let index = 1; index < outputs.length; index++) {
    if ((outputs[index] ?? NaN) > (outputs[best] ?? NaN)) best = index;
  }
  return best === target ? 1 : 0;
};

/**
 * The score of one sample under a metric: "accuracy" or "loss".
 * A sample with an output that is not finite scores NaN, and so do all weights that give one: broken weights must not
 * win by the class that a comparison with NaN happens to leave.
 * @throws ColearnError `unknown-metric`
 */
export function sampleScore(metric: string, loss: Loss): SampleScore {
  const scores: Partial<Record<string, SampleScore>> = {
    accuracy,
    loss: (target, outputs) => loss.ofSample(target, outputs),
  };
  const score = Object.hasOwn(scores, metric) ? scores[metric] : undefined;
  if (score === undefined) {
    throw new ColearnError("unknown-metric", `no metric is called ${JSON.stringify(metric)}`, {
      remedy: `use one of ${Object.keys(scores).join(", ")}`,
    });
  }
  return (target, outputs) => (outputs.every(Number.isFinite) ? score(target, outputs) : NaN);
}
