/**
 * Weights of a tf.layers model as named tensors, and back. Names are those the layers give ("Conv1_1/kernel"), without
 * the suffixes tfjs adds when a process holds several models, and so the same in every process.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";

import { ColearnError } from "../../errors.ts";
import type { DType, Tensor, Weights } from "../../weights/weights.ts";

const dtypes: Partial<Record<tf.DataType, DType>> = { float32: "F32", int32: "I32", bool: "BOOL" };

/** Names of a model's weights, in their order. @throws ColearnError `weights-names` when two are the same */
export function weightNames(model: LayersModel): string[] {
  const names = model.weights.map((variable) => variable.originalName);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new ColearnError("weights-names", `two of the model's weights are called ${JSON.stringify(twice)}`, {
      remedy: "give every layer a name of its own",
    });
  }
  return names;
}

function tensorOf(name: string, value: tf.Tensor, values: tf.TypedArray): Tensor {
  const dtype = dtypes[value.dtype];
  // Copies, because a backend may hand out the very memory that it keeps.
  if (dtype === "F32") return { name, dtype, shape: [...value.shape], data: Float32Array.from(values) };
  if (dtype === "I32") return { name, dtype, shape: [...value.shape], data: Int32Array.from(values) };
  if (dtype === "BOOL") return { name, dtype, shape: [...value.shape], data: Uint8Array.from(values) };
  throw new ColearnError(
    "weights-dtype",
    `the weights ${name} have the element type ${value.dtype}, which is not supported`,
  );
}

/** A copy of the model's weights. */
export async function weightsOf(model: LayersModel): Promise<Weights> {
  const names = weightNames(model);
  const tensors: Tensor[] = [];
  // getWeights() lends the variables' own tensors: they are the model's to dispose of.
  for (const [index, value] of model.getWeights().entries()) {
    tensors.push(tensorOf(names[index] ?? "", value, await value.data()));
  }
  return { tensors };
}

/**
 * Refuses weights that are not exactly the model's tensors: names, order, types, shapes and counts.
 * @throws ColearnError `weights-mismatch`
 */
export function checkFit(model: LayersModel, weights: Weights): void {
  const names = weightNames(model);
  const mismatch = (what: string): ColearnError =>
    new ColearnError("weights-mismatch", `these are not the model's weights: ${what}`);
  if (weights.tensors.length !== names.length) {
    throw mismatch(`${weights.tensors.length} tensors instead of ${names.length}`);
  }
  for (const [index, { name, dtype, shape, data }] of weights.tensors.entries()) {
    const variable = model.weights[index];
    const wanted = { name: names[index], dtype: variable && dtypes[variable.dtype], shape: variable?.shape };
    const found = { name, dtype, shape };
    if (JSON.stringify(found) !== JSON.stringify(wanted)) {
      throw mismatch(`tensor ${index} is ${JSON.stringify(found)} instead of ${JSON.stringify(wanted)}`);
    }
    const size = shape.reduce((product, extent) => product * extent, 1);
    if (data.length !== size) throw mismatch(`${name} holds ${data.length} numbers instead of ${size}`);
  }
}

/** Puts weights into the model. @throws ColearnError `weights-mismatch` before anything is changed */
export function assignWeights(model: LayersModel, weights: Weights): void {
  checkFit(model, weights);
  tf.tidy(() => {
    model.setWeights(
      weights.tensors.map((tensor, index) => {
        const dtype = model.weights[index]?.dtype ?? "float32";
        // checkFit has left the three types that tfjs knows.
        return tf.tensor(tensor.data as Float32Array | Int32Array | Uint8Array, [...tensor.shape], dtype);
      }),
    );
  });
}
