/** A tiny classifier and data it can learn, for tests on the cpu backend. */
import "@tensorflow/tfjs-backend-cpu";

import * as tf from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { initializers, layers, sequential } from "@tensorflow/tfjs-layers";

import type { TfjsLearnerOptions } from "../../../../src/learning/tfjs/learner.ts";
import { TfjsLearner } from "../../../../src/learning/tfjs/learner.ts";
import { tinySamples } from "../tiny-samples.ts";

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
