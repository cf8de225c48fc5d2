import * as tf from "@tensorflow/tfjs-core";

import { ghostPays, ghostSquaredNorms, scaleExamples, squaredRows } from "./positions.ts";
import type { Affine, ExampleGradients, ExampleRule, Layer } from "./rule.ts";
import { onlyInput } from "./rule.ts";

interface Conv2D extends Affine {
  readonly strides: [number, number];
  readonly padding: "same" | "valid";
  readonly dataFormat: string;
  readonly dilationRate: number | number[];
}

/** Conv2D layers on channels-last images: a product at each position of the output (Rochette et al. 2019). */
export function conv2dRule(layer: Layer): ExampleRule | undefined {
  if (layer.getClassName() !== "Conv2D") return undefined;
  const { kernel, bias, activation, ...conv } = layer as unknown as Conv2D;
  const dilated = [conv.dilationRate].flat().some((rate) => rate !== 1);
  if (conv.dataFormat === "channelsFirst" || dilated) return undefined;
  const attributes: tf.Conv2DAttrs = {
    strides: conv.strides,
    pad: conv.padding,
    dataFormat: "NHWC",
    dilations: 1,
    dimRoundingMode: "floor",
  };
  return {
    before(inputs) {
      const filter = kernel.read() as tf.Tensor4D;
      const product = tf.conv2d(onlyInput(inputs) as tf.Tensor4D, filter, conv.strides, conv.padding);
      return bias === null ? product : tf.add(product, bias.read());
    },
    after: (outputs) => (activation === null ? outputs : activation.apply(outputs)),
    gradients(inputs, _options, gradient) {
      const x = onlyInput(inputs) as tf.Tensor4D;
      const dy = gradient as tf.Tensor4D;
      const ofKernel = filterGradients(x, dy, kernel.shape as FilterShape, attributes);
      const ofBias = bias === null ? undefined : tf.sum<tf.Tensor2D>(dy, [1, 2]);
      return {
        squaredNorms: ofBias ? tf.add(ofKernel.squaredNorms, squaredRows(ofBias)) : ofKernel.squaredNorms,
        weightedSum: (factors) => ({
          [kernel.name]: ofKernel.weightedSum(factors),
          ...(bias && ofBias && { [bias.name]: tf.sum(scaleExamples(ofBias, factors), 0) }),
        }),
      };
    },
  };
}

type FilterShape = [height: number, width: number, inChannels: number, outChannels: number];

interface FilterGradients {
  readonly squaredNorms: ExampleGradients["squaredNorms"];
  weightedSum(factors: tf.Tensor1D): tf.Tensor;
}

/** The gradients by the filter, from x [batch, H, W, inChannels] and dy [batch, OH, OW, outChannels]. */
function filterGradients(
  x: tf.Tensor4D,
  dy: tf.Tensor4D,
  filterShape: FilterShape,
  attributes: tf.Conv2DAttrs,
): FilterGradients {
  const [batch, outHeight, outWidth, columns] = dy.shape;
  const [filterHeight, filterWidth, inChannels] = filterShape;
  const rows = filterHeight * filterWidth * inChannels;
  const positions = outHeight * outWidth;
  if (ghostPays(positions, rows, columns)) {
    return {
      squaredNorms: ghostSquaredNorms(
        patches(x, filterShape, dy, attributes),
        tf.reshape(dy, [batch, positions, columns]),
      ),
      weightedSum: (factors) => filterGradient(x, scaleExamples(dy, factors), filterShape, attributes),
    };
  }
  const single = tf.stack(
    Array.from({ length: batch }, (_, example) =>
      tf.reshape(filterGradient(tf.slice(x, [example], [1]), tf.slice(dy, [example], [1]), filterShape, attributes), [
        rows * columns,
      ]),
    ),
  );
  return {
    squaredNorms: squaredRows(single),
    weightedSum: (factors) =>
      tf.reshape(tf.matMul(tf.reshape(factors, [1, batch]), single as tf.Tensor2D), filterShape),
  };
}

/** Summed over examples. */
function filterGradient(x: tf.Tensor, dy: tf.Tensor, filterShape: FilterShape, attributes: tf.Conv2DAttrs): tf.Tensor {
  return tf.engine().runKernel(tf.Conv2DBackpropFilter, { x, dy }, { ...attributes, filterShape });
}

/** What the filter sees at each position of the output, [batch, positions, filterHeight · filterWidth · inChannels]. */
function patches(x: tf.Tensor4D, filterShape: FilterShape, dy: tf.Tensor4D, attributes: tf.Conv2DAttrs): tf.Tensor3D {
  const [batch, outHeight, outWidth] = dy.shape;
  const [filterHeight, filterWidth, inChannels] = filterShape;
  const { strideHeight, strideWidth, padInfo } = tf.backend_util.computeConv2DInfo(
    x.shape,
    filterShape,
    attributes.strides,
    1,
    attributes.pad,
    attributes.dimRoundingMode,
  );
  const padded = tf.pad(x, [
    [0, 0],
    [padInfo.top, padInfo.bottom],
    [padInfo.left, padInfo.right],
    [0, 0],
  ]);
  const seen: tf.Tensor[] = [];
  for (let row = 0; row < filterHeight; row++) {
    for (let column = 0; column < filterWidth; column++) {
      const end = [
        batch,
        row + (outHeight - 1) * strideHeight + 1,
        column + (outWidth - 1) * strideWidth + 1,
        inChannels,
      ];
      seen.push(tf.stridedSlice(padded, [0, row, column, 0], end, [1, strideHeight, strideWidth, 1]));
    }
  }
  return tf.reshape(tf.concat(seen, 3), [batch, outHeight * outWidth, filterHeight * filterWidth * inChannels]);
}
