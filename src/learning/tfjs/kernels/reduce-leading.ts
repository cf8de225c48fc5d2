/**
 * Sum and Mean of float32 x [L1, ..., Lk, T1, ..., Tm] over its k leading axes, to [T1, ..., Tm]: bias gradients, batch
 * normalisation. Everything else goes to the original.
 *
 * The original transposes all of x to bring the reduced axes last. Here x is read in place, and partial sums are float64,
 * as the cpu backend's are.
 */
import * as tf from "@tensorflow/tfjs-core";
import { address, type Kernel, replaceKernel } from "./registry.ts";
import { routinesOf } from "./simd/routines.ts";

export function installReduceLeading(): void {
  replaceKernel<"x", tf.SumAttrs>(tf.Sum, (original) => reduceLeading(original, () => 1));
  replaceKernel<"x", tf.MeanAttrs>(tf.Mean, (original) => reduceLeading(original, (rows) => rows));
}

function reduceLeading(original: Kernel<"x", tf.SumAttrs>, divisorFor: (rows: number) => number): typeof original {
  return (args) => {
    const { inputs, backend, attrs } = args;
    const { x } = inputs;
    const axes = tf.util.parseAxisParam(attrs.axis, x.shape).toSorted((a, b) => a - b);
    const leading = axes.length > 0 && axes.length < x.shape.length && axes.every((axis, index) => axis === index);
    if (!leading || x.dtype !== "float32" || x.shape.includes(0)) return original(args);

    const kept = x.shape.slice(axes.length);
    const rows = tf.util.sizeFromShape(x.shape.slice(0, axes.length));
    const columns = tf.util.sizeFromShape(kept);
    const out = backend.makeOutput(attrs.keepDims ? [...axes.map(() => 1), ...kept] : kept, "float32");
    routinesOf(backend).sumRows(address(backend, x), rows, columns, divisorFor(rows), address(backend, out));
    return out;
  };
}
