/** The part of the task that computes, and so the part that loads tfjs. */
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { initializers, layers, sequential } from "@tensorflow/tfjs-layers";

import type { MachineLearningInterface, Model } from "../../learning/interface.ts";
import { randomFrom } from "../../learning/random.ts";
import { classifier, describeModel, type TrainingParams } from "../layers-classifier.ts";
import type { LearnerOptions } from "../task.ts";
import { CLASSES, FEATURES, loadShard } from "./flowers.ts";

const HIDDEN_UNITS = 16;

/** A hidden layer of 16 and a softmax of 3; 131 weights. Glorot-uniform kernels drawn from the seed, zero biases. */
function buildModel(seed: number): LayersModel {
  const random = randomFrom("initial weights", seed);
  const kernelInitializer = (): ReturnType<typeof initializers.glorotUniform> =>
    initializers.glorotUniform({ seed: random.below(2 ** 31) });
  return sequential({
    name: "iris",
    layers: [
      layers.dense({
        name: "hidden",
        units: HIDDEN_UNITS,
        activation: "relu",
        inputShape: [FEATURES],
        kernelInitializer: kernelInitializer(),
      }),
      layers.dense({
        name: "species",
        units: CLASSES.length,
        activation: "softmax",
        kernelInitializer: kernelInitializer(),
      }),
    ],
  });
}

export async function createModel(seed: number): Promise<Model> {
  return describeModel(buildModel(seed));
}

export async function createLearner(
  params: TrainingParams,
  options: LearnerOptions,
): Promise<MachineLearningInterface> {
  return classifier(params, options, await loadShard(options.shard), buildModel);
}
