/**
 * Slice of x [...] to size [...], for slices that are one contiguous run of x, such as a batch out of a data set.
 *
 * The original copies all of x out of the heap before it takes its part.
 */
import * as tf from "@tensorflow/tfjs-core";
import { type Kernel, replaceKernel } from "./registry.ts";

export function installSlice(): void {
  replaceKernel<"x", tf.SliceAttrs>(tf.Slice, copyWithinHeap);
}

function copyWithinHeap(original: Kernel<"x", tf.SliceAttrs>): typeof original {
  return (args) => {
    const { inputs, backend, attrs } = args;
    const { x } = inputs;
    const [begin = [], size = []] = tf.slice_util.parseSliceParams(x, attrs.begin, attrs.size);
    if (x.dtype === "string" || size.includes(0) || !tf.slice_util.isSliceContinous(x.shape, begin, size)) {
      return original(args);
    }
    const start = tf.slice_util.computeFlatOffset(begin, tf.util.computeStrides(x.shape));
    const out = backend.makeOutput(size, x.dtype);
    const source = backend.typedArrayFromHeap(x);
    backend.typedArrayFromHeap(out).set(source.subarray(start, start + tf.util.sizeFromShape(size)));
    return out;
  };
}
