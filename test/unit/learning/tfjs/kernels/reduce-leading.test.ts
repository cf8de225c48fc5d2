import * as tf from "@tensorflow/tfjs-core";
import { expectSame, random } from "./both-backends.ts";

describe("The sum and mean kernels", () => {
  for (const [name, reduce] of [
    ["sum", tf.sum],
    ["mean", tf.mean],
  ] as const) {
    it(`agree with the cpu backend for the ${name} over leading axes, any number of columns`, async () => {
      for (const columns of [1, 3, 4, 5, 16, 17, 23, 40]) {
        await expectSame(() => [
          reduce(random([11, columns]), 0),
          reduce(random([3, 4, columns]), [0, 1]),
          reduce(random([3, 4, columns]), 0),
          reduce(random([2, 3, 4, columns]), [-2, 0, 1]),
          reduce(random([2, 3, columns]), [0, 1], true),
        ]);
      }
    });

    it(`agree for the ${name} over other axes, integers and nothing`, async () => {
      await expectSame(() => [
        reduce(random([3, 4, 5]), 2),
        reduce(random([3, 4, 5]), 1),
        reduce(random([3, 4, 5])),
        reduce(random([3, 4, 5]), []),
        reduce(tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3], "int32"), 0),
      ]);
    });
  }

  it("lose no precision over very many rows", async () => {
    await expectSame(() => [tf.sum(tf.fill([100_000, 5], 0.1), 0)], "", 1e-7);
  });
});
