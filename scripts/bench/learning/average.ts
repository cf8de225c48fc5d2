import type { Tensor, Weights } from "../../../src/weights/weights.ts";

/**
 * The weighted mean of weights of one model, tensor by tensor.
 * @param shares how much each counts: the number of samples behind it
 * @throws RangeError unless all tensors are F32 and alike
 */
export function averageOf(weights: readonly Weights[], shares: readonly number[]): Weights {
  const [first] = weights;
  if (first === undefined || weights.length !== shares.length) {
    throw new RangeError(`there are ${weights.length} weights and ${shares.length} shares`);
  }
  const total = shares.reduce((sum, share) => sum + share, 0);
  const tensors = first.tensors.map(({ name, shape }, place): Tensor => {
    const parts = weights.map(({ tensors: others }) => others[place]);
    const sum = new Float64Array(shape.reduce((product, extent) => product * extent, 1));
    for (const [at, part] of parts.entries()) {
      if (part?.dtype !== "F32" || part.name !== name || part.data.length !== sum.length) {
        throw new RangeError(`the weights have different tensors in the place of ${name}`);
      }
      const share = (shares[at] ?? 0) / total;
      for (const [index, value] of part.data.entries()) sum[index] = (sum[index] ?? 0) + share * value;
    }
    return { name, dtype: "F32", shape, data: Float32Array.from(sum) };
  });
  return { tensors };
}
