/**
 * Weights: named tensors and, beside them, what their training said of itself.
 * "Model" is weights plus topology; weights alone travel between learners.
 */

/** Element types, by their safetensors names. Values are little-endian in a file. */
export type DType = "F32" | "F64" | "I32" | "I64" | "U8" | "BOOL";

/** The typed array of each element type. I64 has no exact JavaScript number: it stays BigInt. BOOL is a byte, 0 or 1. */
export interface TensorData {
  F32: Float32Array;
  F64: Float64Array;
  I32: Int32Array;
  I64: BigInt64Array;
  U8: Uint8Array;
  BOOL: Uint8Array;
}

export const bytesPerElement: Readonly<Record<DType, number>> = { F32: 4, F64: 8, I32: 4, I64: 8, U8: 1, BOOL: 1 };

/** A named tensor. `data` holds product(shape) elements, row-major. A scalar has shape []. */
export type Tensor = {
  [D in DType]: {
    readonly name: string;
    readonly dtype: D;
    readonly shape: readonly number[];
    readonly data: TensorData[D];
  };
}[DType];

/** What a proposer says of the training behind its weights; it is a claim, which voters may check against limits. */
export interface TrainingSummary {
  /** Optimiser steps made for this proposal. */
  readonly steps?: number;
  /** Samples seen in them, repetitions included. */
  readonly samples?: number;
  /** Differential privacy spent so far by the proposer. */
  readonly epsilon?: number;
  readonly delta?: number;
}

export interface Weights {
  /** In the order of the manifest's weights spec. */
  readonly tensors: readonly Tensor[];
  readonly summary?: TrainingSummary | undefined;
}

/** A copy that shares no memory with the weights. */
export function copyWeights({ tensors, summary }: Weights): Weights {
  return { tensors: tensors.map((tensor) => ({ ...tensor, data: tensor.data.slice() }) as Tensor), summary };
}

/** What one tensor of the weights must be. */
export interface TensorSpec {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** What weights must be before they touch a model: exactly these tensors, in this order, in a file of at most this size. */
export interface WeightsSpec {
  readonly tensors: readonly TensorSpec[];
  /** Cap on the whole safetensors file, in bytes. */
  readonly maxBytes: number;
}
