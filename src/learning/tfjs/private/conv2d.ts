import * as tf from "@tensorflow/tfjs-core";

import { scaleExamples, squaredRows } from "./positions.ts";
import type { Affine, ExampleGradients, ExampleRule, Layer } from "./rule.ts";
import { onlyInput } from "./rule.ts";

interface Conv2D extends Affine {
  readonly strides: [number, number];
  readonly padding: "same" | "valid";
  readonly dataFormat: string;
  readonly dilationRate: number | number[];
}

/**
 * Conv2D layers on channels-last images. Each example's gradient is formed, and what is measured is what is clipped: norms from
 * products of positions alone ("ghost norms") lose everything to rounding where positions cancel, and would let an example
 * pass unclipped.
 */
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
  const [batch] = dy.shape;
  const size = filterShape.reduce((product, extent) => product * extent, 1);
  const single = tf.stack(
    Array.from({ length: batch }, (_, example) =>
      tf.reshape(filterGradient(tf.slice(x, [example], [1]), tf.slice(dy, [example], [1]), filterShape, attributes), [
        size,
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
