/** Batches of a learner's samples: which samples, and their numbers as tensors, a batch at a time. */
import * as tf from "@tensorflow/tfjs-core";

import type { Random } from "../random.ts";
import { permutation } from "../random.ts";
import type { Samples } from "../samples.ts";

/** The inputs of some samples as one float32 tensor of shape [indices.length, ...shape]. The caller disposes of it. */
export function inputBatch({ shape, inputs, scale }: Samples, indices: Uint32Array): tf.Tensor {
  const size = shape.reduce((product, extent) => product * extent, 1);
  const values = new Float32Array(indices.length * size);
  let to = 0;
  for (const index of indices) {
    const end = (index + 1) * size;
    for (let from = index * size; from < end; from++) values[to++] = (inputs[from] ?? NaN) * scale;
  }
  return tf.tensor(values, [indices.length, ...shape], "float32");
}

/** The targets of some samples. */
export function targetBatch({ targets }: Samples, indices: Uint32Array): Float32Array {
  return Float32Array.from(indices, (index) => targets[index] ?? NaN);
}

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
