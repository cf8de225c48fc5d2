/** The part of the task that computes, and so the part that loads tfjs. */
import type { MachineLearningInterface, Model } from "../../learning/interface.ts";
import { classifier, describeModel } from "../layers-classifier.ts";
import type { LearnerOptions } from "../task.ts";
import { loadShard } from "./files.ts";
import { buildModel } from "./model.ts";
import type { MnistParams } from "./params.ts";

export async function createModel(seed: number): Promise<Model> {
  return describeModel(buildModel(seed));
}

export async function createLearner(params: MnistParams, options: LearnerOptions): Promise<MachineLearningInterface> {
  return classifier(params, options, await loadShard(options.shard), buildModel);
}
