/** A tiny classifier and data it can learn, for tests on the cpu backend. */
import "@tensorflow/tfjs-backend-cpu";

import * as tf from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { initializers, layers, sequential } from "@tensorflow/tfjs-layers";

import { randomFrom } from "../../../../src/learning/random.ts";
import type { Samples } from "../../../../src/learning/samples.ts";
import type { TfjsLearnerOptions } from "../../../../src/learning/tfjs/learner.ts";
import { TfjsLearner } from "../../../../src/learning/tfjs/learner.ts";

export async function useCpu(): Promise<void> {
  // Without the advertisement for another backend.
  tf.env().set("PROD", true);
  await tf.setBackend("cpu");
}

/** With a batch normalisation, whose moving averages are weights that no gradient reaches. */
export function tinyModel(seed = 1): LayersModel {
  return sequential({
    layers: [
      layers.dense({
        name: "hidden",
        units: 8,
        inputShape: [4],
        activation: "relu",
        kernelInitializer: initializers.glorotUniform({ seed }),
      }),
      layers.batchNormalization({ name: "norm" }),
      layers.dense({
        name: "out",
        units: 3,
        activation: "softmax",
        kernelInitializer: initializers.glorotUniform({ seed: seed + 1 }),
      }),
    ],
  });
}

/** One layer, whose gradient is tfjs's own whatever kernels a test before this one has replaced. */
export function plainModel(): LayersModel {
  const kernelInitializer = initializers.glorotUniform({ seed: 1 });
  return sequential({
    layers: [layers.dense({ name: "out", units: 3, inputShape: [4], activation: "softmax", kernelInitializer })],
  });
}

/** Four random bytes a sample; the class says which of the first three is the largest. */
export function tinySamples(count: number, seed: number): Samples {
  const random = randomFrom("tiny", seed);
  const inputs = Uint8Array.from({ length: 4 * count }, () => random.below(256));
  const targets = Uint8Array.from({ length: count }, (_, row) => {
    const [a = 0, b = 0, c = 0] = inputs.subarray(4 * row);
    return a >= b && a >= c ? 0 : b >= c ? 1 : 2;
  });
  return { shape: [4], inputs, scale: 1 / 255, targets };
}

export function tinyOptions(changes: Partial<TfjsLearnerOptions> = {}): TfjsLearnerOptions {
  return {
    model: tinyModel(),
    data: { train: tinySamples(200, 1), vote: tinySamples(50, 2), test: tinySamples(70, 3) },
    optimizer: () => tf.train.adam(0.01),
    loss: "sparseCategoricalCrossentropy",
    metric: { name: "accuracy", direction: "maximise", tolerance: 0 },
    batchSize: 16,
    stepsPerProposal: 20,
    batchSeed: [7],
    evaluationBatchSize: 32,
    ...changes,
  };
}

export async function tinyLearner(changes: Partial<TfjsLearnerOptions> = {}): Promise<TfjsLearner> {
  return TfjsLearner.create(tinyOptions(changes));
}
