import type { Command } from "commander";

import { factory, getTask } from "../tasks/registry.ts";
import type { ComposedTask } from "../tasks/task.ts";
import { withJson } from "./options.ts";
import { paint, print, printJson } from "./output.ts";

interface TasksOptions {
  readonly json?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command("tasks")
    .description("list what can be learned, or show one task's data, model and parameters")
    .argument("[name]", "the task; all if left out");
  withJson(command).addHelpText("after", "\nExample:\n  colearn tasks mnist").action(show);
}

function show(name: string | undefined, { json }: TasksOptions): void {
  if (name !== undefined) {
    const task = getTask(name);
    if (json) printJson(describe(task));
    else print(...pageOf(task));
  } else if (json) printJson(factory.tasks.map(describe));
  else print(...tableOf(factory.tasks));
}

function describe({ name, title, description, data, model, metric, trainRatio, defaults }: ComposedTask): object {
  const { shape, classes } = data.sample(defaults);
  return {
    name,
    title,
    description,
    data: { name: data.name, description: data.description, installed: data.packaged === true, source: data.source },
    sample: { shape, classes: classes ?? null },
    model: { name: model.name, description: model.description },
    metric,
    trainRatio,
    params: defaults,
  };
}

function tableOf(tasks: readonly ComposedTask[]): string[] {
  const rows = tasks.map(({ name, title, data, model, metric }) => [
    name,
    title,
    data.packaged ? "installed" : "your files",
    model.name,
    metric.name,
  ]);
  const header = ["task", "what is learned", "data", "model", "voted on"];
  const widths = header.map((word, column) => Math.max(word.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) => cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ");
  return [paint.dim(line(header).trimEnd()), ...rows.map((row) => line(row).trimEnd())];
}

function pageOf({ name, title, description, data, model, metric, trainRatio, defaults }: ComposedTask): string[] {
  const { shape, classes } = data.sample(defaults);
  const lines = {
    data: data.description,
    "a sample": `${shape.join(" × ")} numbers, and ${classes === undefined ? "a value" : `one of ${classes} classes`}`,
    "from where": data.source?.byHand,
    model: `${model.name}: ${model.description}`,
    "voted on": `${metric.name}, to ${metric.direction}; ${trainRatio} of a learner's samples are trained on`,
  };
  return [
    `${paint.bold(name)}: ${title}`,
    description,
    "",
    ...Object.entries(lines).flatMap(([what, text]) => (text === undefined ? [] : [`${what.padEnd(12)}${text}`])),
    "",
    "parameters, to be changed with --param NAME=VALUE:",
    ...Object.entries(defaults).map(([param, value]) => `  ${param} = ${JSON.stringify(value)}`),
  ];
}
