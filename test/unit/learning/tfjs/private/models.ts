/** Small models of every kind of layer that private training knows, and what their gradients are by the plainest means. */
import * as tf from "@tensorflow/tfjs-core";
import type { LayersModel, SymbolicTensor } from "@tensorflow/tfjs-layers";
import { initializers, input, layers, model, sequential } from "@tensorflow/tfjs-layers";

import { randomFrom } from "../../../../../src/learning/random.ts";
import type { Loss } from "../../../../../src/learning/tfjs/losses.ts";

const kernel = (seed: number) => initializers.glorotUniform({ seed });
const biased = (seed: number) => initializers.randomUniform({ seed, minval: -0.5, maxval: 0.5 });

type Conv = Partial<Parameters<typeof layers.conv2d>[0]>;
const conv = (name: string, seed: number, more: Conv = {}) =>
  layers.conv2d({
    name,
    filters: 3,
    kernelSize: 3,
    kernelInitializer: kernel(seed),
    biasInitializer: biased(seed),
    ...more,
  });
const dense = (name: string, units: number, seed: number, more: Partial<Parameters<typeof layers.dense>[0]> = {}) =>
  layers.dense({ name, units, kernelInitializer: kernel(seed), biasInitializer: biased(seed), ...more });

/** All take [7, 7, 2] and give three probabilities. */
export const models: Readonly<Record<string, () => LayersModel>> = {
  "dense layers": () =>
    sequential({
      layers: [
        layers.flatten({ inputShape: [7, 7, 2] }),
        dense("one", 6, 1, { activation: "tanh" }),
        dense("two", 3, 2, { activation: "softmax", useBias: false }),
      ],
    }),
  "convolutions and pooling": () =>
    sequential({
      layers: [
        conv("one", 1, { inputShape: [7, 7, 2], padding: "same", activation: "relu" }),
        layers.maxPooling2d({ poolSize: 2 }),
        conv("two", 2, { kernelSize: 2, useBias: false }),
        layers.flatten(),
        dense("out", 3, 3, { activation: "softmax" }),
      ],
    }),
  "strides, oblong filters and few positions": () =>
    sequential({
      layers: [
        conv("one", 1, { inputShape: [7, 7, 2], kernelSize: [3, 2], strides: [2, 3], padding: "same", filters: 4 }),
        conv("two", 2, { kernelSize: 2, strides: 2, filters: 8, activation: "sigmoid" }),
        layers.globalAveragePooling2d({}),
        dense("out", 3, 3, { activation: "softmax" }),
      ],
    }),
  "a dense layer at several positions": () =>
    sequential({
      layers: [
        layers.reshape({ inputShape: [7, 7, 2], targetShape: [7, 14] }),
        dense("one", 5, 1, { activation: "relu" }),
        dense("two", 4, 2, { activation: "relu" }),
        layers.flatten(),
        dense("out", 3, 3, { activation: "softmax" }),
      ],
    }),
  "layers without a rule of their own": () =>
    sequential({
      layers: [
        layers.reshape({ inputShape: [7, 7, 2], targetShape: [7, 14] }),
        layers.conv1d({ name: "one", filters: 4, kernelSize: 3, kernelInitializer: kernel(1) }),
        layers.layerNormalization({ name: "norm" }),
        layers.flatten(),
        dense("out", 3, 3, { activation: "softmax" }),
      ],
    }),
  "two branches that meet": () => {
    const pixels = input({ shape: [7, 7, 2] });
    const left = conv("left", 1, { padding: "same" }).apply(pixels) as SymbolicTensor;
    const right = conv("right", 2, { kernelSize: 1 }).apply(pixels) as SymbolicTensor;
    const sum = layers.add().apply([left, right]) as SymbolicTensor;
    const flat = layers.flatten().apply(sum) as SymbolicTensor;
    return model({
      inputs: pixels,
      outputs: dense("out", 3, 3, { activation: "softmax" }).apply(flat) as SymbolicTensor,
    });
  },
};

/** Pixels of very different brightness, so that the examples' gradients differ in size. */
export function examples(count: number): { inputs: tf.Tensor; targets: tf.Tensor1D } {
  const random = randomFrom("private examples");
  const size = 7 * 7 * 2;
  const values = Float32Array.from(
    { length: count * size },
    (_, place) => (random.next() - 0.3) * 2 ** ((Math.floor(place / size) % 5) - 1),
  );
  return {
    inputs: tf.tensor(values, [count, 7, 7, 2]),
    targets: tf.tensor1d(Array.from({ length: count }, () => random.below(3))),
  };
}

/** Each example's gradient, one example at a time through tfjs's own differentiation. */
export function loopedGradients(
  of: LayersModel,
  loss: Loss,
  inputs: tf.Tensor,
  targets: tf.Tensor1D,
): Float64Array[][] {
  const variables = of.trainableWeights.map(({ name }) => tf.engine().registeredVariables[name]!);
  return Array.from({ length: targets.size }, (_, example) => {
    const one: Float64Array[] = [];
    tf.tidy(() => {
      const { grads } = tf.variableGrads(
        () =>
          loss.mean(
            tf.slice(targets, [example], [1]),
            of.apply(tf.slice(inputs, [example], [1]), { training: true }) as tf.Tensor2D,
          ),
        variables,
      );
      for (const { name } of variables) one.push(Float64Array.from(grads[name]!.dataSync()));
    });
    return one;
  });
}
