/** Which of a learner's samples are trained on or evaluated together. */
import type { Random } from "./random.ts";
import { permutation } from "./random.ts";

/**
 * The indices of `steps` batches for training: all samples in random order, then again in another order, and so on.
 * They depend on the random numbers only.
 */
export function* trainingBatches(
  count: number,
  batchSize: number,
  steps: number,
  random: Random,
): Generator<Uint32Array> {
  let order = permutation(count, random);
  let next = 0;
  for (let step = 0; step < steps; step++) {
    const batch = new Uint32Array(batchSize);
    for (let place = 0; place < batchSize; place++) {
      if (next === count) {
        order = permutation(count, random);
        next = 0;
      }
      batch[place] = order[next++] ?? 0;
    }
    yield batch;
  }
}

/** The indices of all samples in their order, in batches of at most `batchSize`. */
export function* evaluationBatches(count: number, batchSize: number): Generator<Uint32Array> {
  for (let start = 0; start < count; start += batchSize) {
    yield Uint32Array.from({ length: Math.min(batchSize, count - start) }, (_, place) => start + place);
  }
}
