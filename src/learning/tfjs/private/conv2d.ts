import * as tf from "@tensorflow/tfjs-core";

import { affineRule } from "./affine.ts";
import type { ExampleRule, Layer } from "./rule.ts";
import { formedGradients } from "./sums.ts";

/** What Conv2D has and does not show in its type. */
interface Conv2D {
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
  const { strides, padding, dataFormat, dilationRate } = layer as unknown as Conv2D;
  const dilated = [dilationRate].flat().some((rate) => rate !== 1);
  if (dataFormat === "channelsFirst" || dilated) return undefined;
  const attributes: tf.Conv2DAttrs = {
    strides,
    pad: padding,
    dataFormat: "NHWC",
    dilations: 1,
    dimRoundingMode: "floor",
  };
  return affineRule(layer, {
    of: (input, filter) => tf.conv2d(input as tf.Tensor4D, filter as tf.Tensor4D, strides, padding),
    kernelGradients(input, gradient, filterShape) {
      const filterGradient = (example: number): tf.Tensor =>
        tf
          .engine()
          .runKernel(
            tf.Conv2DBackpropFilter,
            { x: tf.slice(input, [example], [1]), dy: tf.slice(gradient, [example], [1]) },
            { ...attributes, filterShape },
          );
      const [batch = 0] = gradient.shape;
      const examples = Array.from({ length: batch }, (_, example) => filterGradient(example));
      return formedGradients(tf.stack(examples), filterShape);
    },
  });
}
