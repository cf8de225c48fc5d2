/**
 * A task: what is learned, and by what it is judged. Most are a model that learns from the samples of a data loader. Tasks
 * know learning and weights, and nothing of ledgers, stores or nodes. To add one, write a folder with a call of
 * `defineTask` and list it in the registry; an operator's own comes from a module of theirs (own-task.ts).
 */
import { z } from "zod";

import { UserError } from "../errors.ts";
import type { MachineLearningInterface, Metric, Model } from "../learning/interface.ts";
import { describeIssues } from "../learning/topology.ts";
import type { PrivacyLimit } from "../weights/manifest.ts";
import type { DataLoader } from "./data-loader.ts";
import type { ModelDefinition } from "./model.ts";
import { loadShard, type ShardOptions } from "./shard.ts";

/** A task's parameters, those of its data loader and of its model: what the manifest holds. */
export type TaskParams = Readonly<Record<string, unknown>>;

export interface LearnerOptions {
  /** The task's parameters; what is left out takes its default. */
  readonly params: TaskParams;
  readonly shard: ShardOptions;
  /** With the learner's number and the round, all that its choice of batches depends on. */
  readonly seed: number;
  readonly metric: Metric;
  /** The model's topology from the manifest; without it the task's own. */
  readonly topology?: unknown;
}

/** What a task tells of itself. */
export interface TaskDescription {
  /** A word: it is in the manifest. */
  readonly name: string;
  /** A few words, for lists. */
  readonly title: string;
  /** One sentence on data and model. */
  readonly description: string;
  /** The metric that is voted on unless the manifest says otherwise. */
  readonly metric: Metric;
  /** Share of a shard that is trained on by default. */
  readonly trainRatio: number;
  /** What each learner may spend unless the manifest says otherwise, where training is private. */
  readonly privacy?: PrivacyLimit;
}

/** All that drivers, commands and nodes know of what is learned. */
export interface Task extends TaskDescription {
  /** Whether it computes with tfjs, whose backend must then be chosen before anything is made. */
  readonly usesTfjs: boolean;
  /** All parameters at their defaults. */
  readonly defaults: TaskParams;
  /** Completes and checks parameters. @throws UserError `task-params` naming the wrong one */
  parseParams(params: TaskParams): TaskParams;
  /** The topology and the initial weights: the same for the same parameters and seed, in every process. */
  createModel(params: TaskParams, seed: number): Promise<Model>;
  /** Loads the learner's data and builds its model. */
  createLearner(options: LearnerOptions): Promise<MachineLearningInterface>;
}

export interface TaskDefinition extends TaskDescription {
  /** Where its samples come from. */
  readonly data: DataLoader;
  readonly model: ModelDefinition;
  /** Where the task's defaults are not those of its data loader and model. */
  readonly params?: TaskParams;
}

/** A task of a data loader and a model. */
export interface ComposedTask extends Task {
  readonly data: DataLoader;
  readonly model: ModelDefinition;
}

/** @throws TypeError where data loader and model do not go together: a defect of the task */
export function defineTask({ params: ownDefaults = {}, ...definition }: TaskDefinition): ComposedTask {
  const { name, data, model } = definition;
  const both = Object.keys(model.params.shape).find((key) => key in data.params.shape);
  if (both !== undefined) throw new TypeError(`data loader and model of task ${name} share the parameter ${both}`);
  if (!model.compatible.includes(data.name)) {
    throw new TypeError(`the model ${model.name} of task ${name} does not take samples of ${data.name}`);
  }
  if (model.isPrivate === true && data.fit !== undefined) {
    throw new TypeError(
      `the samples of task ${name} are scaled by each other, which its model's privacy does not cover`,
    );
  }
  const schema = z.strictObject({ ...data.params.shape, ...model.params.shape });
  const parse = paramsParser(name, schema, ownDefaults);
  return {
    ...definition,
    usesTfjs: model.usesTfjs,
    defaults: parse({}),
    parseParams: parse,
    createModel: async (params, seed) => {
      const complete = parse(params);
      return model.createModel(complete, data.sample(complete), seed);
    },
    createLearner: async ({ params, shard, ...setting }) => {
      const complete = parse(params);
      const splits = await loadShard(data, complete, shard);
      return model.createLearner(complete, {
        ...setting,
        sample: data.sample(complete),
        data: splits,
        index: shard.index,
      });
    },
  };
}

/** What completes and checks a task's parameters. */
export function paramsParser(name: string, schema: z.ZodObject, ownDefaults: TaskParams): Task["parseParams"] {
  return (params) => {
    const parsed = schema.safeParse({ ...ownDefaults, ...params });
    if (parsed.success) return parsed.data;
    const known = Object.keys(schema.shape);
    throw new UserError("task-params", `the parameters of task ${name} are wrong: ${describeIssues(parsed.error)}`, {
      remedy: known.length === 0 ? "it has no parameters" : `its parameters are ${known.join(", ")}`,
    });
  };
}
