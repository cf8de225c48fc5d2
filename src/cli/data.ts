import { type Command, Option } from "commander";

import { UserError } from "../errors.ts";
import type { WorkerLog } from "../learning/worker/worker-learner.ts";
import type { BackendChoice } from "../learning/tfjs/backend.ts";
import { splitKinds, type SplitKind } from "../tasks/split.ts";
import { startTaskLearner } from "../tasks/task-learner.ts";
import type { Manifest } from "../weights/manifest.ts";
import { backendOption, between, shard } from "./options.ts";
import { learnerOption, moduleOf } from "./task.ts";

/** Which data a learner has, and what learns from them where that is the operator's own. */
export interface DataOptions extends FolderOptions {
  readonly learner?: string;
}

/** Which data a learner has, and what computes. */
export interface FolderOptions {
  readonly shard?: { readonly index: number; readonly learners: number };
  readonly dataDir?: string;
  readonly testDir?: string;
  readonly split: SplitKind;
  readonly trainRatio?: number;
  readonly backend: BackendChoice;
}

/** Adds the options that say which data a learner has, what learns from them, and what computes. */
export function withData(command: Command): Command {
  return withFolders(command.addOption(learnerOption()));
}

/** Adds the options that say which data a learner has, and what computes. */
export function withFolders(command: Command): Command {
  return command
    .option("--data-dir <dir>", "folder with the learner's private data, in the task's own format")
    .option("--test-dir <dir>", "folder with separate test data")
    .option("--shard <i/n>", "the learner's part of the task's public data, or of --data-dir", shard)
    .addOption(new Option("--split <how>", "how shards are made").choices(splitKinds).default("iid"))
    .option("--train-ratio <part>", "part of the data that is trained on", between(0, 1))
    .addOption(backendOption());
}

export function hasData({ dataDir, shard }: DataOptions): boolean {
  return dataDir !== undefined || shard !== undefined;
}

/** The part of the data that the options name: all of them without `--shard`. */
export function shardOf({ dataDir, testDir, split, trainRatio, shard }: FolderOptions, seed: number) {
  const { index, learners } = shard ?? { index: 0, learners: 1 };
  return { dataDir, testDir, index, learners, split, seed, trainRatio };
}

/**
 * The learner that the manifest describes, in a worker thread, on the data that the operator named.
 * @throws UserError where no data are named
 */
export async function startLearner(
  options: DataOptions,
  manifest: Manifest,
  { signal, logger }: { readonly signal?: AbortSignal; readonly logger?: WorkerLog } = {},
) {
  if (!hasData(options)) {
    throw new UserError("shard", "neither private data nor a part of the public data is given", {
      remedy: "give a folder with --data-dir, or for example --shard 0/3 for the first third of the public data",
    });
  }
  const { seed, metric, model } = manifest;
  return startTaskLearner(
    {
      task: manifest.task.name,
      module: moduleOf(options),
      params: manifest.task.params,
      shard: shardOf(options, seed),
      seed,
      metric,
      topology: model.topology,
      backend: options.backend,
    },
    { signal, logger },
  );
}
