/**
 * Conv2DBackpropInput: the gradient by the input [N, H, W, Ci], from dy [N, OH, OW, Co] and filter [KH, KW, Ci, Co]. Also
 * the forward pass of transposed convolutions.
 *
 * It is a convolution of stride 1 of dy, spread out with zeros by the stride, with the filter turned by 180 degrees and
 * its channels exchanged. The original is a scalar loop; it keeps channels-first images and paddings beyond the filter.
 */
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { conv2DInfo } from "./conv2d.ts";
import { ontoGrid } from "./image-grid.ts";
import { type Kernel, replaceKernel, run } from "./registry.ts";
import { suitsWinograd, winogradConvolution } from "./winograd.ts";

export function installConv2DBackpropInput(): void {
  replaceKernel<"dy" | "filter", tf.Conv2DBackpropInputAttrs>(tf.Conv2DBackpropInput, conv2DBackpropInput);
}

function conv2DBackpropInput(original: Kernel<"dy" | "filter", tf.Conv2DBackpropInputAttrs>): typeof original {
  return (args) => {
    const { inputs, backend, attrs } = args;
    const { dy, filter } = inputs;
    const info = conv2DInfo(attrs.inputShape, filter.shape, attrs);
    const { strideHeight, strideWidth, filterHeight, filterWidth, inHeight, inWidth } = info;
    // dy once spread out, and what must surround it so that the result has the input's size.
    const height = (info.outHeight - 1) * strideHeight + 1;
    const width = (info.outWidth - 1) * strideWidth + 1;
    const top = filterHeight - 1 - info.padInfo.top;
    const left = filterWidth - 1 - info.padInfo.left;
    const bottom = inHeight + filterHeight - 1 - height - top;
    const right = inWidth + filterWidth - 1 - width - left;
    const padding: Padding = [
      [0, 0],
      [top, bottom],
      [left, right],
      [0, 0],
    ];
    if (info.dataFormat !== "channelsLast" || padding.flat().some((amount) => amount < 0)) return original(args);

    const apart = strideHeight > 1 || strideWidth > 1;
    const spread = apart
      ? ontoGrid(backend, dy, { height, width, top: 0, left: 0, rowStep: strideHeight, columnStep: strideWidth })
      : dy;
    const conv = {
      ...{ batchSize: info.batchSize, filterHeight, filterWidth, padTop: top, padLeft: left },
      ...{ outHeight: inHeight, outWidth: inWidth, outChannels: info.inChannels, inChannels: info.outChannels },
    };
    const dx = suitsWinograd(conv)
      ? winogradConvolution(backend, spread, filter, "turned", conv)
      : directly(backend, spread, filter, padding);
    if (apart) backend.disposeData(spread.dataId);
    return dx;
  };
}

type Padding = [[number, number], [number, number], [number, number], [number, number]];

function directly(backend: BackendWasm, dy: tf.TensorInfo, filter: tf.TensorInfo, pad: Padding): tf.TensorInfo {
  const exchanged = run(backend, tf.Transpose, { x: filter }, { perm: [0, 1, 3, 2] });
  const turned = run(backend, tf.Reverse, { x: exchanged }, { dims: [0, 1] });
  const attrs: tf.Conv2DAttrs = { strides: 1, dilations: 1, pad, dataFormat: "NHWC", dimRoundingMode: "floor" };
  const dx = run(backend, tf.Conv2D, { x: dy, filter: turned }, attrs);
  backend.disposeData(exchanged.dataId);
  backend.disposeData(turned.dataId);
  return dx;
}
