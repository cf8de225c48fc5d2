/**
 * Samples as a tree sees them while it grows: each number is the bin that it falls into, of at most 256 a feature, so that
 * all splits of a node are weighed in one pass over its samples.
 */
import { sampleCount, sampleSize, type Samples } from "../samples.ts";

/** What fits in a byte. With no more different numbers than this, every split between two of them is there. */
const MAX_BINS = 256;

export interface Bins {
  readonly count: number;
  /** For each feature the samples' bins, from 0. */
  readonly codes: readonly Uint8Array[];
  /** For each feature what separates its bins: bin b holds what is above threshold b - 1, and not above threshold b. */
  readonly thresholds: readonly Float32Array[];
}

/** A number of a sample as trees compare it. Float32, so that a threshold in a file is what it was in memory. */
export function featureOf({ inputs, scale }: Samples, index: number): number {
  return Math.fround((inputs[index] ?? NaN) * scale);
}

/** Of samples that are trained on more than once, as long as they are there. */
const known = new WeakMap<Samples, Bins>();

export function binsOf(samples: Samples): Bins {
  let bins = known.get(samples);
  if (bins === undefined) known.set(samples, (bins = makeBins(samples)));
  return bins;
}

function makeBins(samples: Samples): Bins {
  const count = sampleCount(samples);
  const size = sampleSize(samples.shape);
  const codes: Uint8Array[] = [];
  const thresholds: Float32Array[] = [];
  for (let feature = 0; feature < size; feature++) {
    const values = Float32Array.from({ length: count }, (_, row) => featureOf(samples, row * size + feature));
    const between = thresholdsOf(values);
    thresholds.push(between);
    codes.push(Uint8Array.from(values, (value) => binOf(value, between)));
  }
  return { count, codes, thresholds };
}

/** Between each two neighbours where there are few different numbers, else so that bins hold about equally many. */
function thresholdsOf(values: Float32Array): Float32Array {
  // What is not finite has no place on the scale: NaN and infinities fall into the outer bins.
  const sorted = values.filter(Number.isFinite).sort();
  const ends: number[] = [];
  for (let at = 1; at < sorted.length; at++) if (sorted[at] !== sorted[at - 1]) ends.push(at);
  const wanted = MAX_BINS - 1;
  const chosen = ends.length <= wanted ? ends : ends.filter(passesQuantile(sorted.length / MAX_BINS, wanted));
  return Float32Array.from(chosen, (at) => middle(sorted[at - 1] ?? NaN, sorted[at] ?? NaN));
}

/** Keeps the first end at or after each multiple of the step, and `most` at most. */
function passesQuantile(step: number, most: number): (end: number) => boolean {
  let kept = 0;
  return (end) => {
    if (kept === most || end < (kept + 1) * step) return false;
    kept = Math.max(kept + 1, Math.min(most, Math.floor(end / step)));
    return true;
  };
}

/** Not below the smaller number and below the larger one, after rounding too. */
function middle(smaller: number, larger: number): number {
  const half = Math.fround((smaller + larger) / 2);
  return half < larger ? half : smaller;
}

/** How many thresholds the value is above; NaN is above all, as it is where a tree is walked. */
function binOf(value: number, thresholds: Float32Array): number {
  let [low, high] = [0, thresholds.length];
  while (low < high) {
    const at = (low + high) >> 1;
    if (value <= (thresholds[at] ?? NaN)) high = at;
    else low = at + 1;
  }
  return low;
}
