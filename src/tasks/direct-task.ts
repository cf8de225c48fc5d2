/** A task whose learner implements the machine learning interface by itself, without data loader and model. */
import { z } from "zod";

import type { MachineLearningInterface, Model } from "../learning/interface.ts";
import { type LearnerOptions, paramsParser, type Task, type TaskDescription } from "./task.ts";

/** Where the learner's data are, which part of them is its own, and what all learners have in common. */
export type DirectSetting = Omit<LearnerOptions, "params">;

export interface DirectTaskDefinition<Params extends z.ZodObject = z.ZodObject> extends Omit<
  TaskDescription,
  "trainRatio"
> {
  /** Parameters, each with a default: numbers, texts or booleans, for they are in the manifest. None if left out. */
  readonly params?: Params;
  /** Whether it computes with tfjs, whose backend is then chosen before anything is made. No, if left out. */
  readonly usesTfjs?: boolean;
  /** Share of a shard that is trained on by default: 0.8, if left out. */
  readonly trainRatio?: number;
  /** Topology (JSON) and initial weights: the same for the same arguments, in every process. */
  createModel(params: z.output<Params>, seed: number): Promise<Model>;
  /** A learner on the data that the setting names, which begins with the weights of `createModel`. */
  createLearner(params: z.output<Params>, setting: DirectSetting): Promise<MachineLearningInterface>;
}

const TRAIN_RATIO = 0.8;

export function defineDirectTask<Params extends z.ZodObject>(task: DirectTaskDefinition<Params>): Task {
  const { params: schema, usesTfjs = false, trainRatio = TRAIN_RATIO, ...definition } = task;
  const parse = paramsParser(task.name, z.strictObject(schema?.shape ?? {}), {});
  // What the schema has checked is what it gives.
  const complete = (params: Parameters<Task["parseParams"]>[0]) => parse(params) as z.output<Params>;
  return {
    ...definition,
    usesTfjs,
    trainRatio,
    defaults: parse({}),
    parseParams: parse,
    createModel: async (params, seed) => task.createModel(complete(params), seed),
    createLearner: async ({ params, ...setting }) => task.createLearner(complete(params), setting),
  };
}
