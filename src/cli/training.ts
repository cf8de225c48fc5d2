import type { Command } from "commander";

import type { Task, TaskParams } from "../tasks/task.ts";
import { between, integer } from "./options.ts";

export interface TrainingOptions {
  readonly learningRate?: number;
  readonly batchSize?: number;
  readonly stepsPerProposal?: number;
}

/** Adds the options that change a task's parameters. */
export function withTraining(command: Command): Command {
  return command
    .option("--learning-rate <rate>", "of the optimiser (default: the task's)", between(0, 1e6))
    .option("--batch-size <n>", "samples a training step (default: the task's)", integer(1, 65_536))
    .option("--steps-per-proposal <n>", "training steps for one proposal (default: the task's)", integer(1, 1_000_000));
}

/**
 * A task's parameters with those that were given.
 * @throws UserError when the task has no such parameter
 */
export function taskParams(task: Task, options: TrainingOptions): TaskParams {
  const { learningRate, batchSize, stepsPerProposal } = options;
  const given = Object.entries({ learningRate, batchSize, stepsPerProposal }).filter(
    ([, value]) => value !== undefined,
  );
  return task.parseParams({ ...task.defaults, ...Object.fromEntries(given) });
}
