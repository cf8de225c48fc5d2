import { ColearnError } from "../errors.ts";

/**
 * A learner's samples, held once as plain typed arrays, so that a data set costs its own size (a byte a pixel) and no more.
 */
export interface Samples {
  /** Shape of one sample, for example [28, 28, 1]. */
  readonly shape: readonly number[];
  /** count × product(shape) numbers, row-major. */
  readonly inputs: Uint8Array | Float32Array;
  /** What inputs are multiplied by when a batch is made: 1/255 turns bytes into [0, 1]. */
  readonly scale: number;
  /** One number a sample: a class for a classifier, else a value. */
  readonly targets: Uint8Array | Int32Array | Float32Array;
}

/** A learner's three disjoint splits. Without a test split, test scores are NaN. */
export interface Splits {
  readonly train: Samples;
  readonly vote: Samples;
  readonly test?: Samples | undefined;
}

export function sampleCount(samples: Samples): number {
  return samples.targets.length;
}

/** How many numbers a sample of this shape has. */
export function sampleSize(shape: Samples["shape"]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/**
 * @param fits whether a model takes samples of this shape
 * @param wanted what it takes, for the error
 * @throws ColearnError `no-samples` or `topology-mismatch`
 */
export function checkSplits(data: Splits, fits: (shape: Samples["shape"]) => boolean, wanted: string): void {
  for (const [name, samples] of Object.entries(data) as [string, Samples | undefined][]) {
    if (samples === undefined) continue;
    if (sampleCount(samples) === 0) throw new ColearnError("no-samples", `the ${name} split has no samples`);
    if (!fits(samples.shape)) {
      const shape = JSON.stringify(samples.shape);
      throw new ColearnError("topology-mismatch", `a model with ${wanted} cannot take ${shape}`);
    }
  }
}

/** How many batches of this size the samples that are evaluated make. */
export function batchCount({ vote, test }: Splits, size: number): number {
  const batches = (samples: Samples): number => Math.ceil(sampleCount(samples) / size);
  return batches(vote) + (test === undefined ? 0 : batches(test));
}
