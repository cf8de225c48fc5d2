import type { layers, SymbolicTensor } from "@tensorflow/tfjs-layers";

type Outputs = Parameters<ReturnType<typeof layers.dense>["apply"]>[0];

/** Puts a layer behind another. */
export function after(previous: SymbolicTensor, layer: { apply(inputs: Outputs): Outputs }): SymbolicTensor {
  return layer.apply(previous) as SymbolicTensor;
}
