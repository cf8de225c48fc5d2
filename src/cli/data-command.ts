import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";

import { type Command, Option } from "commander";

import { UserError } from "../errors.ts";
import { download } from "../tasks/download.ts";
import { getTask } from "../tasks/registry.ts";
import { requireSplit } from "../tasks/shard.ts";
import { splitKinds, splitSamples, type SplitKind } from "../tasks/split.ts";
import type { ComposedTask } from "../tasks/task.ts";
import { collect, integer, withJson } from "./options.ts";
import { print, printJson, progress, progressDone } from "./output.ts";
import { taskParams } from "./training.ts";

export function register(program: Command): void {
  const data = program.command("data").description("fetch, split and check the data of a task");
  const fetch = data
    .command("fetch")
    .description("download a task's public data, which are checked by their SHA-256; goes on where it was broken off")
    .argument("<task>", "the task, as `colearn tasks` lists it")
    .requiredOption("--to <dir>", "folder for the files")
    .option("--from <url>", "a copy of the publisher's folder, whose files have the same names");
  withJson(fetch).addHelpText("after", "\nExample:\n  colearn data fetch mnist --to mnist").action(fetchData);
  const split = data
    .command("split")
    .description("deal a folder's samples to a folder for each learner, in the same format")
    .argument("<task>", "the task, as `colearn tasks` lists it")
    .option("--data-dir <dir>", "folder with the data (default: the task's public data)")
    .option("--learners <n>", "how many learners", integer(1, 256), 5)
    .addOption(new Option("--split <how>", "how the data are divided").choices(splitKinds).default("iid"))
    .option("--seed <n>", "seed of the shuffling", integer(0), 42)
    .option("--param <name=value>", "any parameter of the task, as depth=14; may be repeated", collect)
    .requiredOption("--to <dir>", "where the folders 0, 1, 2 … are made");
  withJson(split)
    .addHelpText("after", "\nExample:\n  colearn data split iris --learners 3 --split dirichlet --to shards")
    .action(splitData);
  const check = data
    .command("check")
    .description("read every sample of a folder, count them, and name the first bad file and row")
    .argument("<task>", "the task, as `colearn tasks` lists it")
    .option("--data-dir <dir>", "folder with the data (default: the task's public data)")
    .option("--param <name=value>", "any parameter of the task, as depth=14; may be repeated", collect);
  withJson(check).addHelpText("after", "\nExample:\n  colearn data check iris --data-dir shards/0").action(checkData);
}

interface JsonOption {
  readonly json?: boolean;
}

async function fetchData(name: string, { to, from, json }: JsonOption & { to: string; from?: string }): Promise<void> {
  const { source } = getTask(name).data;
  if (source === undefined || source.files.length === 0) {
    throw new UserError("data-source", `the data of ${name} cannot be downloaded without an account, or are your own`, {
      remedy: source?.byHand ?? `see \`colearn tasks ${name}\``,
    });
  }
  await mkdir(to, { recursive: true });
  const fetched: object[] = [];
  for (const file of source.files) {
    const url = from === undefined ? file.url : new URL(file.name, from.endsWith("/") ? from : `${from}/`).href;
    const onProgress = (done: number, total: number) =>
      progress(`${file.name}: ${megabytes(done)} of ${megabytes(total)} MB`);
    const how = await download({ ...file, url }, { folder: to, byHand: source.byHand, onProgress }).finally(
      progressDone,
    );
    fetched.push({ file: join(to, file.name), how });
    if (!json)
      print(`${join(to, file.name)}: ${how === "there" ? "is there" : "fetched"}, ${file.then ?? "as published"}`);
  }
  if (json) printJson(fetched);
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

interface DataFlags extends JsonOption {
  readonly dataDir?: string;
  readonly param?: readonly string[];
}

interface SplitFlags extends DataFlags {
  readonly learners: number;
  readonly split: SplitKind;
  readonly seed: number;
  readonly to: string;
}

async function splitData(name: string, flags: SplitFlags): Promise<void> {
  const { learners, split, seed, to, json } = flags;
  const { task, params, set } = await open(name, flags);
  requireSplit(task.data, params, split);
  if (set.write === undefined) {
    throw new UserError("data-split", `the data of ${name} cannot be written to folders`, {
      remedy: "name each learner's part with --shard",
    });
  }
  const shards = splitSamples(set.targets, learners, split, seed).map((numbers, index) => ({
    numbers,
    folder: join(to, String(index)),
  }));
  for (const { folder } of shards) await makeEmpty(folder);
  await set.write(shards);
  const dealt = shards.map(({ folder, numbers }) => {
    const targets = Array.from(numbers, (sample) => set.targets[sample] ?? Number.NaN);
    return { folder, ...countOf(targets, task, params) };
  });
  if (json) printJson(dealt);
  else for (const { folder, ...counts } of dealt) print(`${folder}: ${inWords(counts)}`);
}

/** Nothing of a person's is written over, and nothing of an earlier split is left among the files. */
async function makeEmpty(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  if ((await readdir(folder)).length === 0) return;
  throw new UserError("folder", `the folder ${folder} is not empty`, { remedy: "give another with --to" });
}

async function checkData(name: string, flags: DataFlags): Promise<void> {
  const { task, params, set } = await open(name, flags);
  if (set.check === undefined) await set.read(Uint32Array.from(set.targets.keys()));
  else await set.check();
  const counts = countOf(set.targets, task, params);
  if (flags.json) printJson(counts);
  else print(`every sample is sound: ${inWords(counts)}`);
}

async function open(name: string, { dataDir, param }: DataFlags) {
  const task = getTask(name);
  const params = taskParams(task, param === undefined ? {} : { param });
  return { task, params, set: await task.data.open(params, dataDir, "train") };
}

interface Counts {
  readonly samples: number;
  /** Of each class; missing where targets are values. */
  readonly classes?: readonly number[];
}

function countOf(targets: ArrayLike<number>, { data }: ComposedTask, params: ComposedTask["defaults"]): Counts {
  const { classes } = data.sample(params);
  if (classes === undefined) return { samples: targets.length };
  const counts = new Array<number>(classes).fill(0);
  for (const target of Array.from(targets)) counts[target] = (counts[target] ?? 0) + 1;
  return { samples: targets.length, classes: counts };
}

function inWords({ samples, classes }: Counts): string {
  return classes === undefined ? `${samples} samples` : `${samples} samples, by class ${classes.join(", ")}`;
}
