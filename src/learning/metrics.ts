/**
 * Metrics by name, for every learner: functions of all targets and all outputs of a split, for few of them are a mean
 * over samples. Where scikit-learn has the metric, the value is its own with default options; exceptions are said.
 */
import { ColearnError, UserError } from "../errors.ts";
import type { Metric } from "./interface.ts";

/** A model's outputs for some samples: count × width numbers, row-major. */
export type Outputs = Float32Array | Float64Array;
/** The loss of one sample, from its target and the `width` outputs for it. */
export type LossOfSample = (target: number, outputs: Outputs) => number;
/** The metric over all samples: `outputs` holds `width` numbers for each of the targets. NaN when it is not defined. */
export type Score = (targets: ArrayLike<number>, outputs: Outputs) => number;

interface Scored {
  readonly targets: ArrayLike<number>;
  readonly outputs: Outputs;
  readonly width: number;
  readonly lossOf: LossOfSample;
}

interface Definition {
  of(scored: Scored): number;
  /** For models with one output only: the output is compared with the target as a value. */
  readonly ofValues?: true;
  /** The less, the better. */
  readonly isError?: true;
}

const definitions: Readonly<Record<string, Definition>> = {
  /** The share of right classes. */
  accuracy: { of: (scored) => meanOf(scored, (row) => (classOf(scored, row) === scored.targets[row] ? 1 : 0)) },
  /** The mean of what the learner trains on, without the model's own penalties. */
  loss: {
    of: (scored) => {
      const { targets, outputs, width, lossOf } = scored;
      return meanOf(scored, (row) => lossOf(targets[row] ?? NaN, outputs.subarray(row * width, (row + 1) * width)));
    },
    isError: true,
  },
  meanSquaredError: {
    of: (scored) => meanOf(scored, (row) => errorOf(scored, row) ** 2),
    ofValues: true,
    isError: true,
  },
  meanAbsoluteError: {
    of: (scored) => meanOf(scored, (row) => Math.abs(errorOf(scored, row))),
    ofValues: true,
    isError: true,
  },
  /** NaN when all targets are equal. */
  rSquared: {
    of: (scored) => {
      const { targets } = scored;
      const mean = meanOf(scored, (row) => targets[row] ?? NaN);
      const variance = meanOf(scored, (row) => ((targets[row] ?? NaN) - mean) ** 2);
      return variance === 0 ? NaN : 1 - meanOf(scored, (row) => errorOf(scored, row) ** 2) / variance;
    },
    ofValues: true,
  },
  /** The area under the ROC curve; of several classes, each against the rest, the mean over those that can be told. */
  auc: { of: aucOf },
  /** F1, precision and recall are those of class 1 of two, and of more classes the mean over those that occur. */
  f1: {
    of: (scored) => meanOverClasses(scored, ({ hits, predicted, actual }) => ratio(2 * hits, predicted + actual)),
  },
  precision: { of: (scored) => meanOverClasses(scored, ({ hits, predicted }) => ratio(hits, predicted)) },
  recall: { of: (scored) => meanOverClasses(scored, ({ hits, actual }) => ratio(hits, actual)) },
  /** The mean recall of the classes that the targets have. */
  balancedAccuracy: {
    of: (scored) =>
      mean([...countsOf(scored).values()].filter(({ actual }) => actual > 0).map((of) => of.hits / of.actual)),
  },
};

/**
 * The score under a metric of a model with `width` outputs a sample. One output of a classifier is the probability of
 * class 1; of several, the largest tells the class.
 *
 * An output that is not finite makes the whole score NaN: broken weights must not win by the class that a comparison
 * with NaN happens to leave.
 * @throws ColearnError `unknown-metric`, or `metric-misfit` for a metric of values and a model of several outputs
 */
export function scoreBy(metric: string, width: number, lossOf: LossOfSample): Score {
  const definition = definitionOf(metric);
  if (definition.ofValues === true && width !== 1) {
    throw new ColearnError("metric-misfit", `${metric} compares values, and the model has ${width} outputs`, {
      remedy: "use accuracy or loss",
    });
  }
  return (targets, outputs) => {
    if (outputs.length !== targets.length * width) return NaN;
    return outputs.every(Number.isFinite) ? definition.of({ targets, outputs, width, lossOf }) : NaN;
  };
}

/** Which scores of a metric are the better ones. @throws UserError `unknown-metric` */
export function directionOf(metric: string): Metric["direction"] {
  return definitionOf(metric).isError === true ? "minimise" : "maximise";
}

function definitionOf(metric: string): Definition {
  const definition = Object.hasOwn(definitions, metric) ? definitions[metric] : undefined;
  if (definition !== undefined) return definition;
  throw new UserError("unknown-metric", `no metric is called ${JSON.stringify(metric)}`, {
    remedy: `use one of ${Object.keys(definitions).join(", ")}`,
  });
}

function meanOf({ targets }: Scored, term: (row: number) => number): number {
  let sum = 0;
  for (let row = 0; row < targets.length; row++) sum += term(row);
  return sum / targets.length;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Of nothing, nothing: what is never predicted has no precision, and what never occurs no recall. */
function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

function errorOf({ targets, outputs }: Scored, row: number): number {
  return (outputs[row] ?? NaN) - (targets[row] ?? NaN);
}

/** The class that the outputs tell: the first of equals. */
function classOf({ outputs, width }: Scored, row: number): number {
  if (width === 1) return (outputs[row] ?? NaN) >= 0.5 ? 1 : 0;
  const first = row * width;
  let best = 0;
  for (let index = 1; index < width; index++) {
    if ((outputs[first + index] ?? NaN) > (outputs[first + best] ?? NaN)) best = index;
  }
  return best;
}

interface ClassCounts {
  hits: number;
  predicted: number;
  actual: number;
}

function countsOf(scored: Scored): Map<number, ClassCounts> {
  const counts = new Map<number, ClassCounts>();
  const of = (label: number): ClassCounts => {
    const known = counts.get(label) ?? { hits: 0, predicted: 0, actual: 0 };
    counts.set(label, known);
    return known;
  };
  for (let row = 0; row < scored.targets.length; row++) {
    const [told, target] = [classOf(scored, row), scored.targets[row] ?? NaN];
    of(told).predicted++;
    of(target).actual++;
    if (told === target) of(target).hits++;
  }
  return counts;
}

function meanOverClasses(scored: Scored, ofClass: (counts: ClassCounts) => number): number {
  const counts = countsOf(scored);
  if (scored.width > 2) return mean([...counts.values()].map(ofClass));
  return ofClass(counts.get(1) ?? { hits: 0, predicted: 0, actual: 0 });
}

function aucOf({ targets, outputs, width }: Scored): number {
  const areaOf = (label: number, valueOf: (row: number) => number): number =>
    rankedArea(
      Float64Array.from(targets, (_, row) => valueOf(row)),
      (row) => targets[row] === label,
    );
  const at = (row: number, index: number): number => outputs[row * width + index] ?? NaN;
  if (width === 1) return areaOf(1, (row) => at(row, 0));
  if (width === 2) return areaOf(1, (row) => at(row, 1) - at(row, 0));
  const areas = Array.from({ length: width }, (_, label) => areaOf(label, (row) => at(row, label)));
  return mean(areas.filter((area) => !Number.isNaN(area)));
}

/** The share of pairs in which the positive sample's value is the larger one; equal ones count half. */
function rankedArea(values: Float64Array, isPositive: (row: number) => boolean): number {
  const order = Uint32Array.from(values.keys()).sort((a, b) => (values[a] ?? NaN) - (values[b] ?? NaN));
  let [below, wins, positives, start] = [0, 0, 0, 0];
  while (start < order.length) {
    const value = values[order[start] ?? 0];
    let [tiedPositives, tiedNegatives, end] = [0, 0, start];
    for (; end < order.length && values[order[end] ?? 0] === value; end++) {
      if (isPositive(order[end] ?? 0)) tiedPositives++;
      else tiedNegatives++;
    }
    wins += tiedPositives * (below + tiedNegatives / 2);
    below += tiedNegatives;
    positives += tiedPositives;
    start = end;
  }
  return positives === 0 || below === 0 ? NaN : wins / (positives * below);
}
