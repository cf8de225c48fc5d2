/** What tasks share that classify with a model of `tf.layers` and Adam: the part that computes, and so loads tfjs. */
import { train } from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";

import type { MachineLearningInterface, Model } from "../learning/interface.ts";
import type { Splits } from "../learning/samples.ts";
import { modelFromTopology, TfjsLearner, topologyOf } from "../learning/tfjs/learner.ts";
import { weightsOf } from "../learning/tfjs/weights.ts";
import type { LearnerOptions } from "./task.ts";

/** Adam as Keras has it by default. */
const BETA_1 = 0.9;
const BETA_2 = 0.999;
const EPSILON = 1e-7;

export interface TrainingParams {
  readonly learningRate: number;
  readonly batchSize: number;
  /** Batches trained for one proposal. */
  readonly stepsPerProposal: number;
}

/** Topology and weights of a model, which is disposed of. */
export async function describeModel(model: LayersModel): Promise<Model> {
  try {
    return { format: "tfjs-layers", topology: topologyOf(model), weights: await weightsOf(model) };
  } finally {
    model.dispose();
  }
}

/**
 * A learner whose model ends in a softmax.
 * @param buildModel gives the task's own model, where the manifest brings none
 */
export async function classifier(
  { learningRate, batchSize, stepsPerProposal }: TrainingParams,
  { shard, seed, metric, topology }: LearnerOptions,
  data: Splits,
  buildModel: (seed: number) => LayersModel,
): Promise<MachineLearningInterface> {
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
