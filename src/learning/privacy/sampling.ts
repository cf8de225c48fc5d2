import { randomWord } from "./words.ts";

/**
 * The indices of a Poisson sample: each of `count` is in it with probability `rate`, whatever becomes of the others, so
 * the size varies and may be 0. That is the sampling which the privacy accounting assumes, and it must stay secret: hence the
 * cryptographic generator. The probability is `rate` rounded down to a multiple of 2^-32.
 */
export function poissonSample(count: number, rate: number): Uint32Array {
  const limit = Math.floor(Math.min(rate, 1) * 2 ** 32);
  const chosen: number[] = [];
  for (let index = 0; index < count; index++) {
    if (randomWord() >>> 0 < limit) chosen.push(index);
  }
  return Uint32Array.from(chosen);
}

/** The indices of `steps` Poisson samples whose size is `batchSize` on average. */
export function* poissonBatches(count: number, batchSize: number, steps: number): Generator<Uint32Array> {
  for (let step = 0; step < steps; step++) yield poissonSample(count, samplingRate(count, batchSize));
}

/** The probability with which a sample is in a batch. */
export function samplingRate(count: number, batchSize: number): number {
  return Math.min(1, batchSize / count);
}
