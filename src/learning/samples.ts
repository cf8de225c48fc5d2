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
