/** A batch of a learner's samples as tensors. */
import * as tf from "@tensorflow/tfjs-core";

import type { Samples } from "../samples.ts";
import { sampleSize } from "../samples.ts";

/** The inputs of some samples as one float32 tensor of shape [indices.length, ...shape]. The caller disposes of it. */
export function inputBatch({ shape, inputs, scale }: Samples, indices: Uint32Array): tf.Tensor {
  const size = sampleSize(shape);
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
