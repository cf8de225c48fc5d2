import * as tf from "@tensorflow/tfjs-core";
import { expect } from "chai";
import { convolutionOf } from "../../../../../src/learning/tfjs/kernels/conv2d.ts";
import { suitsWinograd } from "../../../../../src/learning/tfjs/kernels/winograd.ts";
import { expectGradient, expectSame, random } from "./both-backends.ts";

type Padding = "same" | "valid" | number | tf.backend_util.ExplicitPadding;
interface Case {
  x: [number, number, number, number];
  filter: [number, number, number, number];
  strides: number | [number, number];
  pad: Padding;
}

const explicit: Padding = [
  [0, 0],
  [2, 1],
  [0, 3],
  [0, 0],
];

/**
 * A padding given as one number goes with square filters and strides only: tfjs computes the output's width from the height's.
 * Small channels go the direct way, 16 and more by Winograd where stride and size allow.
 */
const cases: Case[] = [
  { x: [2, 7, 6, 1], filter: [5, 5, 1, 3], strides: 1, pad: "same" },
  { x: [2, 8, 8, 3], filter: [3, 3, 3, 5], strides: 1, pad: "valid" },
  { x: [1, 9, 7, 4], filter: [3, 3, 4, 8], strides: 2, pad: "same" },
  { x: [2, 9, 9, 2], filter: [3, 2, 2, 4], strides: [2, 3], pad: "valid" },
  { x: [2, 8, 5, 2], filter: [3, 3, 2, 3], strides: 2, pad: 1 },
  { x: [2, 8, 5, 2], filter: [2, 3, 2, 3], strides: [1, 2], pad: explicit },
  { x: [1, 6, 6, 2], filter: [1, 1, 2, 7], strides: 1, pad: "same" },
  { x: [2, 7, 7, 3], filter: [1, 1, 3, 2], strides: 2, pad: "valid" },
  { x: [2, 6, 5, 2], filter: [4, 4, 2, 2], strides: 1, pad: "same" },
  { x: [1, 6, 6, 2], filter: [3, 3, 2, 4], strides: 1, pad: explicit },
  { x: [1, 7, 6, 2], filter: [3, 3, 2, 4], strides: 2, pad: explicit },
  { x: [1, 4, 4, 2], filter: [2, 2, 2, 2], strides: 1, pad: 3 },
  { x: [1, 5, 5, 1], filter: [5, 5, 1, 1], strides: 1, pad: "valid" },
  { x: [2, 8, 8, 16], filter: [3, 3, 16, 16], strides: 1, pad: "same" },
  { x: [2, 9, 10, 16], filter: [3, 3, 16, 20], strides: 1, pad: "valid" },
  { x: [3, 8, 8, 16], filter: [5, 5, 16, 16], strides: 1, pad: "same" },
  { x: [2, 7, 7, 16], filter: [5, 5, 16, 20], strides: 1, pad: "same" },
  { x: [1, 9, 8, 20], filter: [5, 5, 20, 16], strides: 1, pad: "valid" },
  { x: [1, 8, 7, 16], filter: [5, 5, 16, 16], strides: 1, pad: explicit },
  { x: [1, 8, 8, 16], filter: [3, 3, 16, 16], strides: 1, pad: 2 },
  { x: [2, 8, 8, 16], filter: [3, 3, 16, 16], strides: 2, pad: "same" },
  { x: [2, 6, 6, 18], filter: [3, 3, 18, 17], strides: 1, pad: "same" },
  { x: [70, 4, 4, 16], filter: [3, 3, 16, 16], strides: 1, pad: "same" },
];

const nameOf = ({ x, filter, strides, pad }: Case): string =>
  `x ${x.join("×")}, filter ${filter.join("×")}, strides ${strides.toString()}, padding ${JSON.stringify(pad)}`;

/** Forward pass and both gradients. */
function convolutionAndGradients({ x, filter, strides, pad }: Case): tf.Tensor[] {
  const convolve = (image: tf.Tensor, taps: tf.Tensor) =>
    tf.conv2d(
      image as tf.Tensor4D,
      taps as tf.Tensor4D,
      strides,
      pad,
      "NHWC",
      1,
      typeof pad === "number" ? "floor" : undefined,
    );
  const [image, taps] = [random(x, 1), random(filter, 2)];
  const y = convolve(image, taps);
  return [y, ...tf.grads(convolve)([image, taps], random(y.shape, 3))];
}

describe("The convolution kernels", function () {
  this.timeout(60_000);

  it("are tested by enough cases of either way of convolving", () => {
    const winograd = cases.filter(({ x, filter, strides, pad }) => {
      const conv = convolutionOf(x, filter, { strides, pad, dataFormat: "NHWC" });
      return conv !== undefined && suitsWinograd(conv);
    });
    expect(winograd.length).to.be.within(6, cases.length - 12);
  });

  for (const example of cases) {
    it(`agree with the cpu backend for ${nameOf(example)}`, async () => {
      await expectSame(() => convolutionAndGradients(example));
    });
  }

  it("agree for the layer's fused form, with and without bias and relu", async () => {
    for (const activation of ["linear", "relu", "elu"] as const) {
      for (const bias of [undefined, 4]) {
        await expectSame(() => [
          tf.fused.conv2d({
            x: random([2, 8, 8, 16], 1) as tf.Tensor4D,
            filter: random([3, 3, 16, 16], 2) as tf.Tensor4D,
            strides: 1,
            pad: "same",
            activation,
            ...(bias === undefined ? {} : { bias: random([16], bias) }),
          }),
        ]);
      }
    }
  });

  it("agree for a dilated filter, forward", async () => {
    const image = () => random([1, 12, 12, 16], 1) as tf.Tensor4D;
    const filter = () => random([3, 3, 16, 16], 2) as tf.Tensor4D;
    await expectSame(() => [tf.conv2d(image(), filter(), 1, "same", "NHWC", 2)]);
  });

  it("agree for a transposed convolution of stride 2", async () => {
    await expectSame(() => [
      tf.conv2dTranspose(
        random([2, 4, 4, 16], 1) as tf.Tensor4D,
        random([3, 3, 16, 16], 2) as tf.Tensor4D,
        [2, 8, 8, 16],
        2,
        "same",
      ),
    ]);
  });

  it("agree for the gradient by the filter of channels-first images", async () => {
    await expectSame(() => [
      tf
        .engine()
        .runKernel(
          tf.Conv2DBackpropFilter,
          { x: random([2, 3, 7, 6], 1), dy: random([2, 4, 7, 6], 2) },
          { strides: 1, pad: "same", dataFormat: "NCHW", filterShape: [3, 3, 3, 4] },
        ),
    ]);
  });

  it("agree for the gradient by the input of channels-first images", async () => {
    await expectSame(() => [
      tf
        .engine()
        .runKernel(
          tf.Conv2DBackpropInput,
          { dy: random([2, 4, 7, 6], 1), filter: random([3, 3, 3, 4], 2) },
          { strides: 1, pad: "same", dataFormat: "NCHW", inputShape: [2, 3, 7, 6] },
        ),
    ]);
  });

  for (const channels of [2, 16]) {
    it(`give gradients that finite differences confirm, with ${channels} channels`, async () => {
      const filter = () => random([3, 3, channels, channels], 2) as tf.Tensor4D;
      const image = () => random([1, 8, 8, channels], 3) as tf.Tensor4D;
      await expectGradient((x) => tf.conv2d(x as tf.Tensor4D, filter(), 1, "same"), [1, 8, 8, channels]);
      await expectGradient((w) => tf.conv2d(image(), w as tf.Tensor4D, 1, "same"), [3, 3, channels, channels]);
    });
  }
});
