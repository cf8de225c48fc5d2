import * as tf from "@tensorflow/tfjs-core";
import { expect } from "chai";
import { expectGradient, expectSame, numbers, on, random } from "./both-backends.ts";

type Window = [number, number];

function poolGradient(x: tf.Tensor, size: Window, strides: Window, pad: "same" | "valid" | number): tf.Tensor[] {
  const pool = (image: tf.Tensor) =>
    tf.maxPool(image as tf.Tensor4D, size, strides, pad, pad === 1 ? "floor" : undefined);
  const y = pool(x);
  return [tf.grad(pool)(x, random(y.shape, 4))];
}

const windows: { size: Window; strides: Window }[] = [
  { size: [2, 2], strides: [2, 2] },
  { size: [3, 3], strides: [2, 2] },
  { size: [3, 2], strides: [1, 2] },
  { size: [2, 2], strides: [3, 3] },
];

describe("The max pooling gradient kernel", () => {
  for (const { size, strides } of windows) {
    // tfjs takes a padding given as one number for square windows only.
    const square = size[0] === size[1] && strides[0] === strides[1];
    for (const pad of square ? (["same", "valid", 1] as const) : (["same", "valid"] as const)) {
      it(`agrees with the cpu backend for a window ${size.join("×")}, strides ${strides.join("×")}, padding ${pad}`, async () => {
        for (const channels of [1, 3, 4, 6, 9]) {
          for (const [height, width] of [
            [8, 8],
            [7, 5],
          ] as const) {
            const image = () => random([2, height, width, channels], 1);
            await expectSame(() => poolGradient(image(), size, strides, pad), `${height}×${width}×${channels}`);
          }
        }
      });

      it(`agrees where maxima are equal, for a window ${size.join("×")}, strides ${strides.join("×")}, padding ${pad}`, async () => {
        const coarse = () => tf.relu(tf.round(random([2, 7, 8, 5], 2)));
        await expectSame(() => poolGradient(coarse(), size, strides, pad));
      });
    }
  }

  it("gives the whole gradient to the first of equal maxima", async () => {
    const [dx] = await on("wasm", () => [
      tf.grad((x) => tf.maxPool(x as tf.Tensor4D, 2, 2, "valid"))(tf.ones([1, 2, 2, 1])),
    ]);
    expect(dx?.values).to.deep.equal([1, 0, 0, 0]);
  });

  it("is confirmed by finite differences", async () => {
    // Distinct values further apart than two steps, in a mixed order: no step changes which is the maximum.
    const x = Float32Array.from({ length: 72 }, (_, index) => ((index * 31) % 72) * 0.5);
    await expectGradient((image) => tf.maxPool(image as tf.Tensor4D, 2, 2, "same"), [1, 6, 6, 2], { x });
    expect(new Set(numbers(72, 5)).size).to.be.greaterThan(70);
  });
});
