/**
 * A task: what is learned from which data with which model. Tasks know learning and weights, and nothing of ledgers,
 * stores or nodes. To add one, write a folder with a call of `defineTask` and list it in the registry.
 */
import type { z } from "zod";

import { UserError } from "../errors.ts";
import type { MachineLearningInterface, Metric, Model } from "../learning/interface.ts";
import type { SplitKind } from "./split.ts";

/** A task's parameters: what the manifest holds. */
export type TaskParams = Readonly<Record<string, unknown>>;

/** Which part of which data is a learner's. */
export interface ShardOptions {
  /** Folder with the task's files; without it the task's own source, if it has one. */
  readonly dataDir?: string | undefined;
  /** Folder with test data: then the whole test split comes from there, the same for every learner. */
  readonly testDir?: string | undefined;
  /** The learner's number, from 0, among `learners`. */
  readonly index: number;
  readonly learners: number;
  readonly split: SplitKind;
  /** Shards of different learners are disjoint when all use the same seed, split and number of learners. */
  readonly seed: number;
  /** Share of the shard that is trained on. Voting and testing share the rest alike. */
  readonly trainRatio: number;
}

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

export interface Task {
  readonly name: string;
  /** A few words, for lists. */
  readonly title: string;
  /** One sentence on data and model. */
  readonly description: string;
  /** The metric that is voted on unless the manifest says otherwise. */
  readonly metric: Metric;
  /** All parameters at their defaults. */
  readonly defaults: TaskParams;
  /** Share of a shard that is trained on by default. */
  readonly trainRatio: number;
  /** Completes and checks parameters. @throws UserError `task-params` naming the wrong one */
  parseParams(params: TaskParams): TaskParams;
  /** The topology and the initial weights: the same for the same parameters and seed, in every process. */
  createModel(params: TaskParams, seed: number): Promise<Model>;
  /** Loads the learner's data and builds its model. A tfjs backend must be chosen before. */
  createLearner(options: LearnerOptions): Promise<MachineLearningInterface>;
}

/** What a task's folder gives; its parameters come checked and complete. */
export interface TaskDefinition<Params extends z.ZodObject> {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly metric: Metric;
  readonly trainRatio: number;
  /** Every member has a default. */
  readonly params: Params;
  createModel(params: z.output<Params>, seed: number): Promise<Model>;
  createLearner(options: LearnerOptions & { readonly params: z.output<Params> }): Promise<MachineLearningInterface>;
}

export function defineTask<Params extends z.ZodObject>(definition: TaskDefinition<Params>): Task {
  const { name, title, description, metric, trainRatio } = definition;
  const parse = (params: TaskParams): z.output<Params> => {
    const parsed = definition.params.strict().safeParse(params);
    if (parsed.success) return parsed.data as z.output<Params>;
    const issues = parsed.error.issues.map(({ path, message }) => [path.join("."), message].filter(Boolean).join(": "));
    throw new UserError("task-params", `the parameters of task ${name} are wrong: ${issues.join("; ")}`, {
      remedy: `its parameters are ${Object.keys(definition.params.shape).join(", ")}`,
    });
  };
  return {
    name,
    title,
    description,
    metric,
    trainRatio,
    defaults: parse({}),
    parseParams: parse,
    createModel: async (params, seed) => definition.createModel(parse(params), seed),
    createLearner: async (options) => definition.createLearner({ ...options, params: parse(options.params) }),
  };
}

/** @throws UserError `shard-options` when the numbers make no sense, whatever the task */
export function checkShardOptions({ index, learners }: ShardOptions): void {
  if (!Number.isInteger(learners) || learners < 1) {
    throw new UserError("shard-options", `data are split among 1 learner or more, not ${learners}`);
  }
  if (!Number.isInteger(index) || index < 0 || index >= learners) {
    throw new UserError(
      "shard-options",
      `the shards of ${learners} learners are numbered 0 to ${learners - 1}, not ${index}`,
    );
  }
}
