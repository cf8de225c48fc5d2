/**
 * MaxPoolGrad: dx [N, H, W, C] from dy [N, OH, OW, C], x (`input`) and the maxima (`output`).
 *
 * The gradient goes to the first of equal maxima in row order, as on the cpu backend. The original is scalar and tests
 * every window that may hold each input.
 */
import * as tf from "@tensorflow/tfjs-core";
import { address, floats, type Kernel, replaceKernel } from "./registry.ts";
import { routinesOf } from "./simd/routines.ts";

type Inputs = "dy" | "input" | "output";

export function installMaxPoolGrad(): void {
  replaceKernel<Inputs, tf.MaxPoolGradAttrs>(tf.MaxPoolGrad, maxPoolGrad);
}

function maxPoolGrad(original: Kernel<Inputs, tf.MaxPoolGradAttrs>): typeof original {
  return (args) => {
    const { inputs, backend, attrs } = args;
    if (inputs.input.dtype !== "float32") return original(args);
    const { filterSize, strides, pad, dimRoundingMode } = attrs;
    const shape = inputs.input.shape as [number, number, number, number];
    const pool = tf.backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
    const dx = backend.makeOutput(shape, "float32");
    floats(backend, dx).fill(0);
    routinesOf(backend).maxPoolGrad({
      x: address(backend, inputs.input),
      y: address(backend, inputs.output),
      dy: address(backend, inputs.dy),
      dx: address(backend, dx),
      batch: pool.batchSize,
      height: pool.inHeight,
      width: pool.inWidth,
      channels: pool.inChannels,
      outHeight: pool.outHeight,
      outWidth: pool.outWidth,
      filterHeight: pool.filterHeight,
      filterWidth: pool.filterWidth,
      strideHeight: pool.strideHeight,
      strideWidth: pool.strideWidth,
      padTop: pool.padInfo.top,
      padLeft: pool.padInfo.left,
    });
    return dx;
  };
}
