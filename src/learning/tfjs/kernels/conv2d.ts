/**
 * Conv2D and FusedConv2D: x [N, H, W, Ci] with filter [KH, KW, Ci, Co] to [N, OH, OW, Co], by Winograd's algorithm where
 * that saves work; otherwise the original (XNNPACK, direct).
 */
import * as tf from "@tensorflow/tfjs-core";
import { type Kernel, type KernelArguments, replaceKernel, run } from "./registry.ts";
import { type Convolution, suitsWinograd, winogradConvolution } from "./winograd.ts";

type FusedInputs = "x" | "filter" | "bias" | "preluActivationWeights";

export function installConv2D(): void {
  replaceKernel<"x" | "filter", tf.Conv2DAttrs>(tf.Conv2D, (original) => (args) => convolve(args) ?? original(args));
  replaceKernel<FusedInputs, tf.FusedConv2DAttrs>(tf.FusedConv2D, fusedConv2D);
}

function convolve({ inputs, backend, attrs }: KernelArguments<"x" | "filter", tf.Conv2DAttrs>) {
  const conv = convolutionOf(inputs.x.shape, inputs.filter.shape, attrs);
  if (conv === undefined || !suitsWinograd(conv)) return undefined;
  return winogradConvolution(backend, inputs.x, inputs.filter, "plain", conv);
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
