import type { Command } from "commander";

import { UserError } from "../errors.ts";
import type { Task, TaskParams } from "../tasks/task.ts";
import { between, collect, integer } from "./options.ts";

export interface TrainingOptions {
  readonly learningRate?: number;
  readonly batchSize?: number;
  readonly stepsPerProposal?: number;
  readonly param?: readonly string[];
}

/** Adds the options that change a task's parameters. */
export function withTraining(command: Command): Command {
  return command
    .option("--learning-rate <rate>", "of the optimiser (default: the task's)", between(0, 1e6))
    .option("--batch-size <n>", "samples a training step (default: the task's)", integer(1, 65_536))
    .option("--steps-per-proposal <n>", "training steps for one proposal (default: the task's)", integer(1, 1_000_000))
    .option("--param <name=value>", "any parameter of the task, as depth=14; may be repeated", collect);
}

/**
 * A task's parameters with those that were given.
 * @throws UserError `param` when one has no value, `task-params` when the task has no such parameter
 */
export function taskParams(task: Task, options: TrainingOptions): TaskParams {
  const { learningRate, batchSize, stepsPerProposal } = options;
  const given = Object.entries({ learningRate, batchSize, stepsPerProposal }).filter(
    ([, value]) => value !== undefined,
  );
  return task.parseParams({
    ...task.defaults,
    ...Object.fromEntries([...(options.param ?? []).map(parseParam), ...given]),
  });
}

/** NAME=VALUE; the value is JSON where it can be read as such, else a text. */
function parseParam(text: string): readonly [name: string, value: unknown] {
  const at = text.indexOf("=");
  if (at < 1) throw new UserError("param", `--param ${text} gives no value`, { remedy: "write it as depth=14" });
  const [name, value] = [text.slice(0, at), text.slice(at + 1)];
  try {
    return [name, JSON.parse(value)];
  } catch {
    return [name, value];
  }
}
