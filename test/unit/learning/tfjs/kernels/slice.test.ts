import * as tf from "@tensorflow/tfjs-core";
import { expectSame, random } from "./both-backends.ts";

describe("The slice kernel", () => {
  it("agrees with the cpu backend for runs of rows, inner parts and single values", async () => {
    await expectSame(() => [
      tf.slice(random([10, 3, 2]), [4, 0, 0], [3, -1, -1]),
      tf.slice(random([10, 3, 2]), [4, 1, 0], [1, 2, 2]),
      tf.slice(random([10, 3, 2]), [4, 1, 1], [3, 2, 1]),
      tf.slice(random([10]), [7]),
      tf.slice(random([10]), [7], [1]),
      tf.slice(random([4, 4]), [2, 1], [2, 2]),
    ]);
  });

  it("agrees for integers and booleans", async () => {
    await expectSame(() => [
      tf.slice(tf.tensor1d([1, 2, 3, 4, 5], "int32"), [1], [3]),
      tf.slice(tf.tensor1d([true, false, true, false], "bool"), [1], [2]),
    ]);
  });

  it("agrees for a slice of nothing", async () => {
    await expectSame(() => [tf.slice(random([4, 4]), [2, 0], [0, 4])]);
  });
});
