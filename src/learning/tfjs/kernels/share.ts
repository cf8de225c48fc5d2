/**
 * Identity, and Cast to the type that a tensor has: another tensor of the same data, counted, as Reshape and the cpu backend
 * give it. The originals copy; tfjs makes several such clones of every activation while it records a gradient.
 */
import * as tf from "@tensorflow/tfjs-core";
import { type Kernel, type KernelArguments, replaceKernel } from "./registry.ts";

export function installSharing(): void {
  replaceKernel<"x", object>(tf.Identity, (original) => (args) => share(args, args.inputs.x.dtype, original));
  replaceKernel<"x", tf.CastAttrs>(tf.Cast, (original) => (args) => share(args, args.attrs.dtype, original));
}

function share<Attributes>(
  args: KernelArguments<"x", Attributes>,
  dtype: tf.DataType,
  original: Kernel<"x", Attributes>,
): tf.TensorInfo {
  const { x } = args.inputs;
  if (x.dtype !== dtype || dtype === "string") return original(args);
  args.backend.incRef(x.dataId);
  return { dataId: x.dataId, shape: x.shape, dtype };
}
