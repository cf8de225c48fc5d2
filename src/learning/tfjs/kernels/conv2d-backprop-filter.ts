/**
 * Conv2DBackpropFilter: the gradient by the filter [KH, KW, Ci, Co], from x [N, H, W, Ci] and dy [N, OH, OW, Co] (or
 * channels-first). tfjs-backend-wasm 4.22 has no such kernel.
 *
 * Winograd's form where it saves work. Else direct, for any stride and padding: on the padded input the KW·Ci values
 * under one filter row are neighbours, so for each image and filter row the gradient is a sum over output rows of
 * [KW·Ci, OW] by [OW, Co] products, whose first factor needs no copy, only strides.
 */
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { conv2DInfo, convolutionOf } from "./conv2d.ts";
import { underFilter } from "./image-grid.ts";
import { addKernel, address, bytesPerFloat, floats, type KernelArguments, run } from "./registry.ts";
import { routinesOf } from "./simd/routines.ts";
import { suitsWinograd, winogradFilterGradient } from "./winograd.ts";

export function installConv2DBackpropFilter(): void {
  addKernel<"x" | "dy", tf.Conv2DBackpropFilterAttrs>(tf.Conv2DBackpropFilter, conv2DBackpropFilter);
}

function conv2DBackpropFilter(args: KernelArguments<"x" | "dy", tf.Conv2DBackpropFilterAttrs>): tf.TensorInfo {
  const { inputs, backend, attrs } = args;
  const { x, dy } = inputs;
  const conv = convolutionOf(x.shape, attrs.filterShape, attrs);
  if (conv !== undefined && suitsWinograd(conv)) return winogradFilterGradient(backend, x, dy, conv);

  const info = conv2DInfo(x.shape, attrs.filterShape, attrs);
  if (info.dataFormat === "channelsLast") return direct(backend, x, dy, info);
  const perm = [0, 2, 3, 1];
  const xLast = run(backend, tf.Transpose, { x }, { perm });
  const dyLast = run(backend, tf.Transpose, { x: dy }, { perm });
  const dFilter = direct(backend, xLast, dyLast, info);
  backend.disposeData(xLast.dataId);
  backend.disposeData(dyLast.dataId);
  return dFilter;
}

function direct(
  backend: BackendWasm,
  x: tf.TensorInfo,
  dy: tf.TensorInfo,
  info: tf.backend_util.Conv2DInfo,
): tf.TensorInfo {
  const { batchSize, inChannels, outChannels, outHeight, outWidth, filterHeight, filterWidth } = info;
  const { strideHeight, strideWidth } = info;
  const { height, width, padded } = underFilter(backend, x, info);
  const dFilter = backend.makeOutput(info.filterShape, "float32");
  floats(backend, dFilter).fill(0);

  const { gemm } = routinesOf(backend);
  const inPixel = inChannels * bytesPerFloat;
  const outPixel = outChannels * bytesPerFloat;
  for (let image = 0; image < batchSize; image++) {
    for (let filterRow = 0; filterRow < filterHeight; filterRow++) {
      gemm({
        ...{ batch: outHeight, m: filterWidth * inChannels, n: outChannels, k: outWidth, accumulate: 1 },
        a: address(backend, padded) + (image * height + filterRow) * width * inPixel,
        aRow: bytesPerFloat,
        aColumn: strideWidth * inPixel,
        aBatch: strideHeight * width * inPixel,
        b: address(backend, dy) + image * outHeight * outWidth * outPixel,
        bRow: outPixel,
        bBatch: outWidth * outPixel,
        c: address(backend, dFilter) + filterRow * filterWidth * inChannels * outPixel,
        cRow: outPixel,
        cBatch: 0,
      });
    }
  }
  backend.disposeData(padded.dataId);
  return dFilter;
}
