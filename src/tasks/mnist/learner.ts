/** The part of the task that computes, and so the part that loads tfjs. */
import { train } from "@tensorflow/tfjs-core";

import type { MachineLearningInterface, Model } from "../../learning/interface.ts";
import { modelFromTopology, TfjsLearner, topologyOf } from "../../learning/tfjs/learner.ts";
import { weightsOf } from "../../learning/tfjs/weights.ts";
import type { LearnerOptions } from "../task.ts";
import { loadShard } from "./files.ts";
import { buildModel } from "./model.ts";
import type { MnistParams } from "./params.ts";

/** Adam as Keras has it by default. */
const BETA_1 = 0.9;
const BETA_2 = 0.999;
const EPSILON = 1e-7;

export async function createModel(seed: number): Promise<Model> {
  const model = buildModel(seed);
  try {
    return { format: "tfjs-layers", topology: topologyOf(model), weights: await weightsOf(model) };
  } finally {
    model.dispose();
  }
}

export async function createLearner(
  { learningRate, batchSize, stepsPerProposal }: MnistParams,
  { shard, seed, metric, topology }: LearnerOptions,
): Promise<MachineLearningInterface> {
  const data = await loadShard(shard);
  const model = topology === undefined ? buildModel(seed) : await modelFromTopology(topology);
  return TfjsLearner.create({
    model,
    data,
    optimizer: () => train.adam(learningRate, BETA_1, BETA_2, EPSILON),
    loss: "sparseCategoricalCrossentropy",
    metric,
    batchSize,
    stepsPerProposal,
    batchSeed: [seed, shard.index],
  });
}
