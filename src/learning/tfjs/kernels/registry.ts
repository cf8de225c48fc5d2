/**
 * Access to tfjs's kernel registry for the wasm backend: replace a kernel while keeping the original at hand, and run
 * one kernel from within another on bare tensor infos (which the caller must dispose).
 */
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";

export interface KernelArguments<InputName extends string, Attributes> {
  readonly inputs: Readonly<Record<InputName, tf.TensorInfo>>;
  readonly backend: BackendWasm;
  readonly attrs: Attributes;
}

export type Kernel<InputName extends string, Attributes> = (
  args: KernelArguments<InputName, Attributes>,
) => tf.TensorInfo;

const backendName = "wasm";

/** tfjs types inputs and attributes loosely; what a kernel gets is what its name promises. */
function asKernel<InputName extends string, Attributes>(kernelFunc: tf.KernelFunc): Kernel<InputName, Attributes> {
  return kernelFunc as unknown as Kernel<InputName, Attributes>;
}

/** Replaces the wasm kernel `name` by what `make` returns, given the original. */
export function replaceKernel<InputName extends string, Attributes>(
  name: string,
  make: (original: Kernel<InputName, Attributes>) => Kernel<InputName, Attributes>,
): void {
  const config = tf.getKernel(name, backendName);
  tf.unregisterKernel(name, backendName);
  const kernel = make(asKernel<InputName, Attributes>(config.kernelFunc));
  tf.registerKernel({ ...config, kernelFunc: kernel as unknown as tf.KernelFunc });
}

/** Registers a kernel that the wasm backend lacks. */
export function addKernel<InputName extends string, Attributes>(
  name: string,
  kernel: Kernel<InputName, Attributes>,
): void {
  tf.registerKernel({ kernelName: name, backendName, kernelFunc: kernel as unknown as tf.KernelFunc });
}

/** Runs another wasm kernel. The result is the caller's: pass it on or dispose its data. */
export function run(
  backend: BackendWasm,
  name: string,
  inputs: Readonly<Record<string, tf.TensorInfo>>,
  attrs: object = {},
): tf.TensorInfo {
  return asKernel<string, object>(tf.getKernel(name, backendName).kernelFunc)({ inputs, backend, attrs });
}

/** The tensor's values in the wasm heap. Take them after the last allocation: the heap's growth detaches the array. */
export function floats(backend: BackendWasm, tensor: tf.TensorInfo): Float32Array {
  return backend.typedArrayFromHeap(tensor) as Float32Array;
}

/** Where the tensor's values begin in the wasm heap, in bytes. */
export function address(backend: BackendWasm, tensor: tf.TensorInfo): number {
  return backend.getMemoryOffset(tensor.dataId);
}

export const bytesPerFloat = 4;
