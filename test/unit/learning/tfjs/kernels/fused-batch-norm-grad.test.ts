import * as tf from "@tensorflow/tfjs-core";
import { expectGradient, expectSame, random } from "./both-backends.ts";

const channels = 5;
const image = () => random([2, 4, 3, channels], 1);
const mean = () => random([channels], 2) as tf.Tensor1D;
const variance = () => tf.add<tf.Tensor1D>(tf.abs(random([channels], 3)), 0.5);
const offset = () => random([channels], 4) as tf.Tensor1D;
const scale = () => random([channels], 5) as tf.Tensor1D;
const normalise = (x: tf.Tensor, m: tf.Tensor, v: tf.Tensor, o: tf.Tensor, s: tf.Tensor) => tf.batchNorm(x, m, v, o, s);

describe("The batch normalisation gradient", () => {
  it("is confirmed by finite differences by each of its inputs", async () => {
    const positive = Float32Array.from({ length: channels }, (_, index) => 1 + index / 3);
    await expectGradient((x) => normalise(x, mean(), variance(), offset(), scale()), [2, 4, 3, channels]);
    await expectGradient((m) => normalise(image(), m, variance(), offset(), scale()), [channels]);
    await expectGradient((v) => normalise(image(), mean(), v, offset(), scale()), [channels], {
      x: positive,
      step: 0.02,
    });
    await expectGradient((o) => normalise(image(), mean(), variance(), o, scale()), [channels]);
    await expectGradient((s) => normalise(image(), mean(), variance(), offset(), s), [channels]);
  });

  it("is confirmed through statistics of the batch itself, as in training", async () => {
    await expectGradient(
      (x) => {
        const moments = tf.moments(x, [0, 1, 2]);
        return normalise(x, moments.mean, moments.variance, offset(), scale());
      },
      [2, 4, 3, channels],
    );
  });

  it("agrees between the backends, for images, vectors and statistics of the shape of x", async () => {
    await expectSame(() =>
      tf.grads(normalise)([image(), mean(), variance(), offset(), scale()], random([2, 4, 3, channels], 6)),
    );
    await expectSame(() =>
      tf.grads(normalise)([random([7, channels], 1), mean(), variance(), offset(), scale()], random([7, channels], 6)),
    );
    const whole = (seed: number) => random([2, 2, 2, 3], seed);
    await expectSame(() =>
      tf.grads(normalise)([whole(1), whole(2), tf.add(tf.abs(whole(3)), 0.5), whole(4), whole(5)], whole(6)),
    );
  });
});
