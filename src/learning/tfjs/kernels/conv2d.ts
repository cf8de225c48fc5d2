/**
 * Conv2D and FusedConv2D: x [N, H, W, Ci] with filter [KH, KW, Ci, Co] to [N, OH, OW, Co], by Winograd's algorithm where
 * that saves work. Otherwise directly: on the padded input the KW·Ci values under one filter row are neighbours, so an output
 * row is the product of a matrix of KH runs of them by the filter as it lies. The original (XNNPACK) is left channels-first
 * images and dilated filters.
 */
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { underFilter } from "./image-grid.ts";
import { address, bytesPerFloat, type Kernel, type KernelArguments, replaceKernel, run } from "./registry.ts";
import { routinesOf } from "./simd/routines.ts";
import { type Convolution, suitsWinograd, winogradConvolution } from "./winograd.ts";

type FusedInputs = "x" | "filter" | "bias" | "preluActivationWeights";

export function installConv2D(): void {
  replaceKernel<"x" | "filter", tf.Conv2DAttrs>(tf.Conv2D, (original) => (args) => convolve(args) ?? original(args));
  replaceKernel<FusedInputs, tf.FusedConv2DAttrs>(tf.FusedConv2D, fusedConv2D);
}

function convolve({ inputs, backend, attrs }: KernelArguments<"x" | "filter", tf.Conv2DAttrs>) {
  const conv = convolutionOf(inputs.x.shape, inputs.filter.shape, attrs);
  if (conv !== undefined && suitsWinograd(conv)) {
    return winogradConvolution(backend, inputs.x, inputs.filter, "plain", conv);
  }
  const info = conv2DInfo(inputs.x.shape, inputs.filter.shape, attrs);
  const dilated = info.dilationHeight > 1 || info.dilationWidth > 1;
  if (info.dataFormat !== "channelsLast" || dilated || info.outShape.includes(0)) return undefined;
  return direct(backend, inputs.x, inputs.filter, info);
}

function direct(
  backend: BackendWasm,
  x: tf.TensorInfo,
  filter: tf.TensorInfo,
  info: tf.backend_util.Conv2DInfo,
): tf.TensorInfo {
  const { batchSize, inChannels, outChannels, outHeight, outWidth, filterHeight, filterWidth } = info;
  const { strideHeight, strideWidth } = info;
  const { gemm } = routinesOf(backend);
  const [inPixel, outPixel] = [inChannels * bytesPerFloat, outChannels * bytesPerFloat];
  const out = backend.makeOutput(info.outShape, "float32");
  const product = { n: outChannels, aColumn: bytesPerFloat, bRow: outPixel, bBatch: 0, cRow: outPixel, accumulate: 0 };
  const pointwise = filterHeight === 1 && filterWidth === 1 && strideHeight === 1 && strideWidth === 1;
  if (pointwise && outHeight === info.inHeight && outWidth === info.inWidth) {
    const m = batchSize * outHeight * outWidth;
    const [a, b, c] = [address(backend, x), address(backend, filter), address(backend, out)];
    gemm({ ...product, ...{ batch: 1, m, k: inChannels, a, aRow: inPixel, aBatch: 0, b, c, cBatch: 0 } });
    return out;
  }
  const { height, width, padded } = underFilter(backend, x, info);
  for (let image = 0; image < batchSize; image++) {
    gemm({
      ...product,
      ...{ batch: outHeight, m: outWidth, k: filterWidth * inChannels, runs: filterHeight },
      a: address(backend, padded) + image * height * width * inPixel,
      aRow: strideWidth * inPixel,
      aRun: width * inPixel,
      aBatch: strideHeight * width * inPixel,
      b: address(backend, filter),
      c: address(backend, out) + image * outHeight * outWidth * outPixel,
      cBatch: outWidth * outPixel,
    });
  }
  backend.disposeData(padded.dataId);
  return out;
}

function fusedConv2D(original: Kernel<FusedInputs, tf.FusedConv2DAttrs>): typeof original {
  return (args) => {
    const { backend, attrs } = args;
    const inputs: Partial<typeof args.inputs> = args.inputs;
    const activation = attrs.activation as string | null;
    const simple = activation === null || activation === "linear" || activation === "relu";
    const product = simple && inputs.preluActivationWeights == null ? convolve(args) : undefined;
    if (product === undefined) return original(args);
    const steps = [
      ...(inputs.bias == null
        ? []
        : [(a: tf.TensorInfo, b = inputs.bias) => run(backend, tf.Add, { a, ...(b && { b }) })]),
      ...(activation === "relu" ? [(x: tf.TensorInfo) => run(backend, tf.Relu, { x })] : []),
    ];
    return steps.reduce((x, step) => {
      const next = step(x);
      backend.disposeData(x.dataId);
      return next;
    }, product);
  };
}

/** The convolution in numbers, if it is one of stride and dilation 1 on channels-last images. */
export function convolutionOf(
  xShape: readonly number[],
  filterShape: readonly number[],
  attrs: Pick<tf.Conv2DAttrs, "strides" | "pad" | "dataFormat" | "dimRoundingMode"> & Partial<tf.Conv2DAttrs>,
): Convolution | undefined {
  const info = conv2DInfo(xShape, filterShape, attrs);
  const steps = [info.strideHeight, info.strideWidth, info.dilationHeight, info.dilationWidth];
  if (info.dataFormat !== "channelsLast" || steps.some((step) => step !== 1)) return undefined;
  return { ...info, padTop: info.padInfo.top, padLeft: info.padInfo.left };
}

export function conv2DInfo(
  xShape: readonly number[],
  filterShape: readonly number[],
  attrs: Pick<tf.Conv2DAttrs, "strides" | "pad" | "dataFormat" | "dimRoundingMode"> & Partial<tf.Conv2DAttrs>,
): tf.backend_util.Conv2DInfo {
  return tf.backend_util.computeConv2DInfo(
    xShape as [number, number, number, number],
    filterShape as [number, number, number, number],
    attrs.strides,
    attrs.dilations ?? 1,
    attrs.pad,
    attrs.dimRoundingMode,
    false,
    tf.backend_util.convertConv2DDataFormat(attrs.dataFormat),
  );
}
