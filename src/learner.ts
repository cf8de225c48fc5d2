/**
 * The package's interface for a learner of one's own (`colearn-ledger/learner`): what a module for `--learner` is made of.
 * Apart from `colearn-ledger`, for that loads a ledger and a store, which the thread that learns does without.
 */
export { z } from "zod";

export { ColearnError, UserError } from "./errors.ts";
export { abortedError, throwIfAborted } from "./learning/abort.ts";
export { isBetter } from "./learning/interface.ts";
export type {
  Evaluation,
  MachineLearningInterface,
  Metric,
  Model,
  PrivacyCost,
  WorkOptions,
} from "./learning/interface.ts";
export { scoreBy } from "./learning/metrics.ts";
export { permutation, randomFrom, shuffle } from "./learning/random.ts";
export type { Random } from "./learning/random.ts";
export type { Samples, Splits } from "./learning/samples.ts";
export { digestOf, judge, ScoreCache } from "./learning/scores.ts";
export type { Scores } from "./learning/scores.ts";
export { defineDataLoader } from "./tasks/data-loader.ts";
export type { DataLoader, DataPart, DataSet, SampleKind } from "./tasks/data-loader.ts";
export { defineDirectTask } from "./tasks/direct-task.ts";
export type { DirectSetting, DirectTaskDefinition } from "./tasks/direct-task.ts";
export { defineLayersModel } from "./tasks/layers-model.ts";
export type { LayersModelDefinition } from "./tasks/layers-model.ts";
export { defineModel } from "./tasks/model.ts";
export type { LearnerSetting, ModelDefinition } from "./tasks/model.ts";
export { loadShard } from "./tasks/shard.ts";
export type { ShardOptions } from "./tasks/shard.ts";
export { defineTask } from "./tasks/task.ts";
export type { ComposedTask, Task, TaskDefinition, TaskParams } from "./tasks/task.ts";
export type { DType, Tensor, TrainingSummary, Weights } from "./weights/weights.ts";
