/** From a task's name and plain options to a learner: in this thread, or in a worker thread of its own. */
import type { MachineLearningInterface } from "../learning/interface.ts";
import type { Backend, BackendChoice } from "../learning/tfjs/backend.ts";
import type { WorkerLearner, WorkerLog } from "../learning/worker/worker-learner.ts";
import { startWorkerLearner } from "../learning/worker/worker-learner.ts";
import { loadTaskNamed } from "./own-task.ts";
import { getTask } from "./registry.ts";
import type { ShardOptions } from "./shard.ts";
import type { LearnerOptions } from "./task.ts";

/** Everything here is plain data: it goes to the worker as it is. */
export interface TaskLearnerOptions extends Omit<LearnerOptions, "shard"> {
  readonly task: string;
  /** Absolute path of the operator's own module whose task it is; without it, the task comes with the program. */
  readonly module?: string | undefined;
  /** The task's own share is trained on where none is given. */
  readonly shard: Omit<ShardOptions, "trainRatio"> & { readonly trainRatio?: number | undefined };
  /** Which tfjs backend to use; the best one there is by default. */
  readonly backend?: BackendChoice | undefined;
}

/** What a task learner tells of itself. */
export interface TaskLearnerInfo {
  /** Plain words where tfjs is not used. */
  readonly backend: Pick<Backend, "description">;
}

/** What computes where no tensors are needed. */
const JAVASCRIPT = { description: "plain JavaScript" };

/** Loads tfjs, which the thread that only starts workers does without. */
async function chooseBackend(choice: BackendChoice | undefined): Promise<Backend> {
  const { useBackend } = await import("../learning/tfjs/backend.ts");
  return useBackend(choice);
}

/** Makes the learner in this thread, which then is busy whenever the learner is. */
export async function createTaskLearner(
  options: TaskLearnerOptions,
): Promise<{ learner: MachineLearningInterface; info: TaskLearnerInfo }> {
  const { module, shard } = options;
  const task = module === undefined ? getTask(options.task) : await loadTaskNamed(module, options.task);
  const backend = task.usesTfjs ? await chooseBackend(options.backend) : JAVASCRIPT;
  const trainRatio = shard.trainRatio ?? task.trainRatio;
  const learner = await task.createLearner({ ...options, shard: { ...shard, trainRatio } });
  return { learner, info: { backend } };
}

/**
 * Makes the learner in a worker thread. A wrong task, parameter or folder is found there, and thrown here as the
 * UserError that it is.
 */
export async function startTaskLearner(
  options: TaskLearnerOptions,
  { signal, logger }: { signal?: AbortSignal | undefined; logger?: WorkerLog | undefined } = {},
): Promise<WorkerLearner & { readonly info: TaskLearnerInfo }> {
  // Beside this file whether it runs as TypeScript or compiled.
  const module = new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url);
  const learner = await startWorkerLearner({ module, options, signal, logger });
  return learner as WorkerLearner & { readonly info: TaskLearnerInfo };
}
