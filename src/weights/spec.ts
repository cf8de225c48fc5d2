/** What weights must be before they touch a model: the manifest's weights spec, and the checks against it. */
import { quote, WeightsError } from "./errors.ts";
import { describeShape, tensorBytes } from "./header.ts";
import { decodeWeights, encodedLength } from "./safetensors.ts";
import { checkValues } from "./values.ts";
import type { TensorSpec, Weights, WeightsSpec } from "./weights.ts";

/** Room for what other learners' files may hold beside the tensors: a longer summary, spaces, another order of keys. */
const SLACK_BYTES = 4_096;

/**
 * The spec that weights like these fulfil.
 * @param maxBytes cap on a file; by default what these weights need, and 4 KiB
 */
export function specOf(weights: Weights, maxBytes?: number): WeightsSpec {
  const tensors = weights.tensors.map(({ name, dtype, shape }) => ({ name, dtype, shape: [...shape] }));
  return { tensors, maxBytes: maxBytes ?? encodedLength({ tensors: weights.tensors }) + SLACK_BYTES };
}

/**
 * Checks weights in memory: exactly the spec's tensors, in its order, with sound values, in a file under its cap.
 * @throws WeightsError with the code of the first rule that is broken
 */
export function checkWeights(weights: Weights, spec: WeightsSpec): void {
  const ordered = inSpecOrder(weights.tensors, spec);
  ordered.forEach((tensor, index) => {
    const found = weights.tensors[index];
    if (found !== tensor) {
      const place = found === undefined ? "nothing" : quote(found.name);
      throw new WeightsError(
        "weights-order",
        `${place} is at place ${index}, where the spec has ${quote(tensor.name)}`,
      );
    }
    const count = tensor.shape.reduce((product, length) => product * length, 1);
    if (tensor.data.length !== count) {
      const what = `${quote(tensor.name)} holds ${tensor.data.length} values`;
      throw new WeightsError("weights-malformed", `${what}, and its shape [${describeShape(tensor.shape)}] ${count}`);
    }
  });
  const size = encodedLength(weights);
  if (size > spec.maxBytes) {
    throw new WeightsError("weights-too-large", `the file would have ${size} bytes, more than ${spec.maxBytes}`);
  }
  ordered.forEach(checkValues);
}

/**
 * Foreign bytes into weights that may touch a model: everything is checked, and the tensors are in the spec's order. They
 * may be views of `bytes`.
 * @throws WeightsError with the code of the first rule that is broken, and nothing else
 */
export function parseProposal(bytes: Uint8Array, spec: WeightsSpec): Weights {
  return conform(decodeWeights(bytes, { maxBytes: spec.maxBytes }), spec);
}

/**
 * Decoded weights in the spec's order, checked.
 * @throws WeightsError for a tensor or a value against the spec
 */
export function conform(weights: Weights, spec: WeightsSpec): Weights {
  const tensors = inSpecOrder(weights.tensors, spec);
  tensors.forEach(checkValues);
  return { ...weights, tensors };
}

/**
 * These tensors, or what a header says of them, in the spec's order.
 * @throws WeightsError `weights-missing-tensor`, `weights-extra-tensor`, `weights-dtype` or `weights-shape`
 */
export function inSpecOrder<T extends TensorSpec>(tensors: readonly T[], spec: WeightsSpec): T[] {
  const byName = new Map<string, T>();
  for (const tensor of tensors) {
    if (byName.has(tensor.name)) {
      throw new WeightsError("weights-extra-tensor", `the tensor ${quote(tensor.name)} is there twice`);
    }
    byName.set(tensor.name, tensor);
  }
  const ordered = spec.tensors.map((wanted) => {
    const tensor = byName.get(wanted.name);
    if (tensor === undefined) {
      throw new WeightsError("weights-missing-tensor", `the tensor ${quote(wanted.name)} is not there`);
    }
    checkKind(tensor, wanted);
    byName.delete(wanted.name);
    return tensor;
  });
  for (const name of byName.keys()) {
    throw new WeightsError("weights-extra-tensor", `the tensor ${quote(name)} is not in the spec`);
  }
  return ordered;
}

function checkKind({ name, dtype, shape }: TensorSpec, wanted: TensorSpec): void {
  if (dtype !== wanted.dtype) {
    throw new WeightsError("weights-dtype", `${quote(name)} has the element type ${dtype}, not ${wanted.dtype}`);
  }
  if (shape.length !== wanted.shape.length || shape.some((length, i) => length !== wanted.shape[i])) {
    const wrong = `[${describeShape(shape)}], not [${describeShape(wanted.shape)}]`;
    throw new WeightsError("weights-shape", `${quote(name)} has the shape ${wrong}`);
  }
}

/** Bytes of all tensors of a spec, without a header; undefined beyond exact integers. */
export function specBytes(spec: Pick<WeightsSpec, "tensors">): number | undefined {
  let sum = 0;
  for (const tensor of spec.tensors) {
    sum += tensorBytes(tensor) ?? Infinity;
    if (!Number.isSafeInteger(sum)) return undefined;
  }
  return sum;
}
