import * as tf from "@tensorflow/tfjs-core";
import { expectSame, random } from "./both-backends.ts";

describe("The batch normalisation kernel", () => {
  for (const channels of [1, 5, 8, 19]) {
    it(`agrees with the cpu backend for ${channels} channels, with and without offset and scale`, async () => {
      const mean = () => random([channels], 2) as tf.Tensor1D;
      const variance = () => tf.add<tf.Tensor1D>(tf.abs(random([channels], 3)), 0.5);
      const offset = () => random([channels], 4) as tf.Tensor1D;
      const scale = () => random([channels], 5) as tf.Tensor1D;
      for (const shape of [
        [7, channels],
        [2, 4, 3, channels],
      ]) {
        await expectSame(() => [
          tf.batchNorm(random(shape, 1), mean(), variance(), offset(), scale()),
          tf.batchNorm(random(shape, 1), mean(), variance()),
          tf.batchNorm(random(shape, 1), mean(), variance(), undefined, scale(), 0.1),
        ]);
      }
    });
  }

  it("agrees for statistics of the shape of x", async () => {
    const whole = (seed: number) => random([2, 2, 2, 3], seed);
    await expectSame(() => [tf.batchNorm(whole(1), whole(2), tf.add(tf.abs(whole(3)), 0.5), whole(4), whole(5))]);
  });
});
