/** A model: its topology, its initial weights, and the learner that trains it on any samples that it can take. */
import type { z } from "zod";

import type { MachineLearningInterface, Metric, Model } from "../learning/interface.ts";
import type { Splits } from "../learning/samples.ts";
import type { SampleKind } from "./data-loader.ts";

/** What a model's learner is made from, besides its parameters. */
export interface LearnerSetting {
  readonly sample: SampleKind;
  readonly data: Splits;
  /** With the learner's number and the round, all that its choice of batches depends on. */
  readonly seed: number;
  /** The learner's number, from 0. */
  readonly index: number;
  readonly metric: Metric;
  /** The model's topology from the manifest; without it the model's own. */
  readonly topology?: unknown;
}

export interface ModelDefinition<Params extends z.ZodObject = z.ZodObject> {
  readonly name: string;
  /** One sentence. */
  readonly description: string;
  /** Names of the data loaders whose samples it takes. */
  readonly compatible: readonly string[];
  /** Parameters of model and training, each with a default. */
  readonly params: Params;
  /** Whether it computes with tfjs, whose backend must then be chosen before anything is made. */
  readonly usesTfjs: boolean;
  /** Whether it trains with differential privacy. */
  readonly isPrivate?: boolean;
  /** The topology and the initial weights: the same for the same arguments, in every process. */
  createModel(params: z.output<Params>, sample: SampleKind, seed: number): Promise<Model>;
  createLearner(params: z.output<Params>, setting: LearnerSetting): Promise<MachineLearningInterface>;
}

/** A model of any parameters: whoever calls it gives parameters that its schema has checked. */
export function defineModel<Params extends z.ZodObject>(model: ModelDefinition<Params>): ModelDefinition {
  return model;
}
