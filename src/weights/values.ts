/**
 * Judges the numbers in weights. The format's own parser does not: a NaN would pass every other check, and then spread
 * from one layer to all. Fast, for each voter does it with each proposal.
 */
import { quote, WeightsError } from "./errors.ts";
import type { Tensor } from "./weights.ts";

/**
 * Checks that a tensor's values are finite (F32, F64) or 0 and 1 (BOOL).
 * @throws WeightsError `weights-not-finite` or `weights-not-boolean`, with the first wrong value and its place
 */
export function checkValues(tensor: Tensor): void {
  switch (tensor.dtype) {
    case "F32":
    case "F64":
      if (!allFinite(tensor.data)) refuse("weights-not-finite", tensor, (value) => !Number.isFinite(value));
      return;
    case "BOOL":
      if (!allBoolean(tensor.data)) refuse("weights-not-boolean", tensor, (value) => value > 1);
      return;
    case "I32":
    case "I64":
    case "U8":
  }
}

/** x * 0 is 0 for a finite x and NaN for every other, and NaN stays in a sum: no branch in the loop. */
function allFinite(values: Float32Array | Float64Array): boolean {
  return values instanceof Float32Array ? sumOfZeros32(values) === 0 : sumOfZeros64(values) === 0;
}

// The same loop twice: one that saw both array types would be compiled for neither. By index: for-of is 20 times slower.
function sumOfZeros32(values: Float32Array): number {
  let sum = 0;
  for (let i = values.length - 1; i >= 0; i -= 1) sum += (values[i] ?? NaN) * 0;
  return sum;
}

function sumOfZeros64(values: Float64Array): number {
  let sum = 0;
  for (let i = values.length - 1; i >= 0; i -= 1) sum += (values[i] ?? NaN) * 0;
  return sum;
}

function allBoolean(bytes: Uint8Array): boolean {
  let bits = 0;
  for (let i = bytes.length - 1; i >= 0; i -= 1) bits |= bytes[i] ?? 0;
  return bits <= 1;
}

function refuse(
  code: "weights-not-finite" | "weights-not-boolean",
  { name, data }: { readonly name: string; readonly data: Float32Array | Float64Array | Uint8Array },
  isWrong: (value: number) => boolean,
): never {
  const index = data.findIndex(isWrong);
  throw new WeightsError(code, `${quote(name)} holds ${data[index]} at index ${index} of ${data.length}`);
}
