import * as tf from "@tensorflow/tfjs-core";
import { expect } from "chai";
import { adam } from "../../../../src/learning/tfjs/adam.ts";
import { useBackend } from "../../../../src/learning/tfjs/backend.ts";
import { expectClose, numbers } from "./kernels/both-backends.ts";

const sizes = [1, 7, 8, 41];

/** The variables after some steps down the slopes of (x - 1)² and so on, from numbers of a seed. */
function descend(optimizer: tf.Optimizer, steps: number): number[][] {
  const variables = sizes.map((size) => tf.tidy(() => tf.variable(tf.tensor1d(numbers(size, size)))));
  for (let step = 0; step < steps; step++) {
    optimizer.minimize(
      () =>
        tf.tidy(() =>
          tf.addN<tf.Scalar>(variables.map((x, index) => tf.sum<tf.Scalar>(tf.square(tf.sub(x, index + 1))))),
        ),
      false,
      variables,
    );
  }
  const values = variables.map((variable) => [...variable.dataSync()]);
  tf.dispose(variables);
  optimizer.dispose();
  return values;
}

describe("Adam in one pass", () => {
  beforeEach(() => useBackend("wasm"));

  it("takes the steps of tfjs's own", () => {
    const expected = descend(tf.train.adam(0.1, 0.8, 0.99, 1e-6), 20);
    const actual = descend(adam(0.1, 0.8, 0.99, 1e-6), 20);
    for (const [index, values] of expected.entries()) expectClose(actual[index]!, values, "variable", 1e-5);
  });

  it("changes nobody's copy of a variable", () => {
    const variable = tf.tidy(() => tf.variable(tf.tensor1d([1, 2, 3])));
    const [copy, view] = [variable.clone(), tf.reshape(variable, [3, 1])];
    const optimizer = adam(0.1, 0.9, 0.999, 1e-7);
    optimizer.minimize(() => tf.sum(tf.square(variable)), false, [variable]);
    expect([...copy.dataSync()]).to.deep.equal([1, 2, 3]);
    expect([...view.dataSync()]).to.deep.equal([1, 2, 3]);
    expect([...variable.dataSync()]).not.to.deep.equal([1, 2, 3]);
    tf.dispose([variable, copy, view]);
    optimizer.dispose();
  });

  const products: Readonly<Record<string, { shape: number[]; of: (weights: tf.Tensor) => tf.Tensor }>> = {
    "a product": {
      shape: [4, 8],
      of: (weights) => tf.matMul(tf.ones([3, 4]), weights),
    },
    "a dense layer's product": {
      shape: [4, 8],
      of: (weights) => tf.fused.matMul({ a: tf.ones([3, 4]), b: weights }),
    },
    "a convolution": {
      shape: [3, 3, 4, 8],
      of: (weights) => tf.conv2d(tf.ones<tf.Rank.R4>([3, 4, 4, 4]), weights as tf.Tensor4D, 1, "same"),
    },
    "a dilated convolution": {
      shape: [3, 3, 4, 8],
      of: (weights) => tf.conv2d(tf.ones<tf.Rank.R4>([3, 4, 4, 4]), weights as tf.Tensor4D, 1, "same", "NHWC", 2),
    },
    "a convolution of each channel": {
      shape: [3, 3, 4, 2],
      of: (weights) => tf.depthwiseConv2d(tf.ones<tf.Rank.R4>([3, 4, 4, 4]), weights as tf.Tensor4D, 1, "same"),
    },
  };
  for (const [title, { shape, of }] of Object.entries(products)) {
    it(`shows every step to ${title}, whatever that keeps of the weights`, () => {
      const variable = tf.tidy(() => tf.variable(tf.ones(shape)));
      const optimizer = adam(0.25, 0.9, 0.999, 1e-7);
      const largest: number[] = [];
      for (let step = 0; step < 4; step++) {
        tf.tidy(() => {
          largest.push(tf.max(of(variable)).dataSync()[0]!);
          optimizer.applyGradients({ [variable.name]: tf.ones(shape) });
        });
      }
      // Each step takes a quarter of the first weights away.
      const [first = NaN] = largest;
      expectClose(
        largest.map((value) => value / first),
        [1, 0.75, 0.5, 0.25],
        title,
        1e-5,
      );
      variable.dispose();
      optimizer.dispose();
    });
  }

  it("leaves no tensor behind", () => {
    const before = tf.memory().numTensors;
    descend(adam(0.1, 0.9, 0.999, 1e-7), 3);
    expect(tf.memory().numTensors).to.equal(before);
  });

  it("is tfjs's own on the cpu backend", async () => {
    await useBackend("cpu");
    expect(adam(0.1, 0.9, 0.999, 1e-7)).to.be.instanceOf(tf.AdamOptimizer);
  });
});
