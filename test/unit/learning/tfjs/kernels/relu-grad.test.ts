import * as tf from "@tensorflow/tfjs-core";
import { expectGradient, expectSame, random } from "./both-backends.ts";

describe("The gradient of relu", () => {
  it("agrees with the cpu backend for any number of values, zeros among them", async () => {
    for (const size of [1, 7, 8, 9, 64, 131]) {
      await expectSame(() => [tf.grad((x) => tf.relu(x))(random([size], 1), random([size], 2))], `${size} values`);
    }
    await expectSame(() => [tf.grad((x) => tf.relu(x))(tf.tensor1d([0, -0, 1, -1]), tf.tensor1d([1, 2, 3, 4]))]);
  });

  it("is confirmed by finite differences", async () => {
    await expectGradient((x) => tf.relu(x), [3, 5], { step: 0.001 });
  });
});
