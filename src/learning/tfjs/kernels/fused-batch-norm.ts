/**
 * FusedBatchNorm of x [..., C] by statistics of shape [C]: one product and one sum a value. The original computes the root and
 * the quotient for every value.
 */
import * as tf from "@tensorflow/tfjs-core";
import { address, floats, type Kernel, replaceKernel } from "./registry.ts";
import { routinesOf } from "./simd/routines.ts";

type Inputs = "x" | "mean" | "variance" | "offset" | "scale";

export function installFusedBatchNorm(): void {
  replaceKernel<Inputs, tf.FusedBatchNormAttrs>(tf.FusedBatchNorm, fusedBatchNorm);
}

function fusedBatchNorm(original: Kernel<Inputs, tf.FusedBatchNormAttrs>): typeof original {
  return (args) => {
    const { backend, attrs } = args;
    const { x } = args.inputs;
    const inputs: Partial<typeof args.inputs> = args.inputs;
    const { mean, variance, offset, scale } = inputs;
    const channels = x.shape.at(-1) ?? 0;
    const perChannel = [mean, variance, offset, scale].every(
      (tensor) => tensor === undefined || (tensor.shape.length === 1 && tensor.shape[0] === channels),
    );
    if (mean === undefined || variance === undefined || !perChannel || x.shape.includes(0)) return original(args);
    const y = backend.makeOutput(x.shape, "float32");
    const factors = backend.makeOutput([channels], "float32");
    const shifts = backend.makeOutput([channels], "float32");
    const [means, variances] = [floats(backend, mean), floats(backend, variance)];
    const scales = scale === undefined ? undefined : floats(backend, scale);
    const offsets = offset === undefined ? undefined : floats(backend, offset);
    const [factorOf, shiftOf] = [floats(backend, factors), floats(backend, shifts)];
    for (let channel = 0; channel < channels; channel++) {
      const factor = (scales?.[channel] ?? 1) / Math.sqrt((variances[channel] ?? NaN) + attrs.varianceEpsilon);
      factorOf[channel] = factor;
      shiftOf[channel] = (offsets?.[channel] ?? 0) - (means[channel] ?? NaN) * factor;
    }
    const rows = tf.util.sizeFromShape(x.shape) / channels;
    const at = (tensor: tf.TensorInfo): number => address(backend, tensor);
    routinesOf(backend).scaleAndShift(at(x), at(factors), at(shifts), at(y), rows, channels);
    backend.disposeData(factors.dataId);
    backend.disposeData(shifts.dataId);
    return y;
  };
}
