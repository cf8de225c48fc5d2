import { resolve } from "node:path";

import { type Command, Option } from "commander";

import { UserError } from "../errors.ts";
import { directionOf } from "../learning/metrics.ts";
import { loadTask, requireModule } from "../tasks/own-task.ts";
import { getTask } from "../tasks/registry.ts";
import type { Task } from "../tasks/task.ts";
import { atLeast } from "./options.ts";

interface LearnerOption {
  readonly learner?: string;
}

/** What is learned, and by what it is judged. */
export interface TaskOptions extends LearnerOption {
  readonly task?: string;
  readonly metric?: string;
  readonly tolerance?: number;
}

/** `--learner`, the same wherever something is learned. */
export function learnerOption(): Option {
  return new Option("--learner <file>", "a module of your own whose default export is the task");
}

/** Adds the options that say what is learned. */
export function withTask(command: Command): Command {
  return command
    .option("--task <name>", "what is learned", "mnist")
    .addOption(learnerOption())
    .option("--metric <name>", "what is voted on (default: the task's)")
    .option("--tolerance <x>", "approve only what is better by more than this, in the metric's unit", atLeast(0));
}

/**
 * Absolute path of the module that `--learner` names.
 * @throws UserError `learner-module` where no module can be
 */
export function moduleOf({ learner }: LearnerOption): string | undefined {
  if (learner === undefined) return undefined;
  const path = resolve(learner);
  requireModule(path);
  return path;
}

/**
 * The task that the options name, judged as they say.
 * @throws UserError for what is no task, or no metric
 */
export async function taskOf(options: TaskOptions): Promise<Task> {
  const { task: name, metric, tolerance } = options;
  const module = moduleOf(options);
  if (module !== undefined && name !== undefined) {
    throw new UserError("task", `what is learned is given twice: --task ${name} and --learner`, {
      remedy: "leave one of them out",
    });
  }
  const task = module === undefined ? getTask(name ?? "mnist") : await loadTask(module);
  if (metric === undefined && tolerance === undefined) return task;
  const changed =
    metric === undefined || metric === task.metric.name
      ? task.metric
      : { name: metric, direction: directionOf(metric), tolerance: 0 };
  return { ...task, metric: { ...changed, tolerance: tolerance ?? changed.tolerance } };
}
