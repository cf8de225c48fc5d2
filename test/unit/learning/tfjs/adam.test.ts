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
