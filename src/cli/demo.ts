import { accessSync, constants, mkdirSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { stderr } from "node:process";
import { fileURLToPath } from "node:url";

import { type Command, Option } from "commander";

import { runOnLedger } from "../demo/ledger-run.ts";
import { runIndividually, runLocally } from "../demo/local-run.ts";
import type { DemoOptions, RoundNews, Watcher } from "../demo/options.ts";
import { ColearnError, UserError } from "../errors.ts";
import type { BackendChoice } from "../learning/tfjs/backend.ts";
import type { Ballot, Selection } from "../ledger/types.ts";
import { formatScore, summarise, type Report } from "../report/report.ts";
import { type ReportFiles, writeReport } from "../report/write.ts";
import { splitKinds, type SplitKind } from "../tasks/split.ts";
import {
  backendOption,
  ballotOption,
  basisPoints,
  between,
  fraction,
  integer,
  selectionOption,
  votesOption,
  withJson,
} from "./options.ts";
import { paint, print, printJson, progress, progressDone } from "./output.ts";
import { type PrivacyOptions, privacyLimit, withPrivacy } from "./privacy.ts";
import { moduleOf, type TaskOptions, taskOf, withTask } from "./task.ts";
import { type TrainingOptions, taskParams, withTraining } from "./training.ts";

interface DemoFlags extends TaskOptions, TrainingOptions, PrivacyOptions {
  readonly learners: number;
  readonly rounds: number;
  readonly voteThreshold: number;
  readonly trainRatio?: number;
  readonly seed: number;
  readonly dataDir?: string;
  readonly testDir?: string;
  readonly split: SplitKind;
  readonly driver: "ledger" | "local";
  readonly backend: BackendChoice;
  readonly selection: Selection;
  readonly ballot: Ballot;
  readonly votes: DemoOptions["votes"];
  readonly individual?: boolean;
  readonly out?: string;
  readonly json?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command("demo")
    .description("watch learners train one model together: a local chain, a contract, a node process a learner")
    .option("--learners <n>", "how many learners", integer(2, 256), 5)
    .option("--rounds <n>", "how many rounds", integer(1, 100_000), 15)
    .option("--vote-threshold <part>", "a proposal needs more approvals than this part of the voters", fraction, 0.5)
    .option("--train-ratio <part>", "part of each learner's data that is trained on", between(0, 1))
    .option("--seed <n>", "seed of the initial weights and of all shuffling", integer(0), 42)
    .option("--data-dir <dir>", "folder with the training data (default: the task's public data)")
    .option("--test-dir <dir>", "folder with separate test data (default: a part of each learner's own)")
    .addOption(new Option("--split <how>", "how the data are divided").choices(splitKinds).default("iid"))
    .addOption(
      new Option("--driver <kind>", "on a ledger, or in one process").choices(["ledger", "local"]).default("ledger"),
    )
    .addOption(selectionOption())
    .addOption(ballotOption())
    .addOption(votesOption())
    .addOption(backendOption())
    .option("--individual", "also train each learner alone, to compare")
    .option("--out <dir>", "where the run leaves its report (default: runs/<time>)");
  withJson(withTraining(withPrivacy(withTask(command))))
    .addHelpText("after", "\nExample:\n  colearn demo --learners 3 --rounds 4 --seed 7 --out run1")
    .action(demo);
}

/** What a shell expects of a program that was interrupted. */
const INTERRUPTED = 130;

async function demo(flags: DemoFlags): Promise<void> {
  const options = await demoOptions(flags);
  const watcher = createWatcher(flags.json === true, options);
  const interrupted = new AbortController();
  const interrupt = () => {
    if (interrupted.signal.aborted) process.exit(INTERRUPTED);
    interrupted.abort(new UserError("interrupted", "interrupted: the nodes were stopped"));
  };
  process.on("SIGINT", interrupt).on("SIGTERM", interrupt);
  try {
    const report = await run(flags, options, watcher, interrupted.signal);
    const files = await writeReport(options.out, report);
    progressDone();
    if (flags.json) printJson(report);
    else printSummary(report, files, options);
    if (report.rounds.every(({ status }) => status === "skipped")) {
      throw new ColearnError("nothing-learned", "every round was skipped: no proposal came in time", {
        remedy: "give fewer --steps-per-proposal, a larger --epsilon if privacy is limited, or a faster --backend",
      });
    }
  } finally {
    progressDone();
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
  }
}

function printSummary(report: Report, files: ReportFiles, { out }: DemoOptions): void {
  const here = (path: string) => relative(process.cwd(), path) || ".";
  const model = report.driver === "ledger" ? ` and the model in ${here(join(out, "model"))}` : "";
  print("", ...summarise(report), "", `Left in ${here(files.report)}, ${here(files.picture)}${model}`);
}

async function run(flags: DemoFlags, options: DemoOptions, watcher: Watcher, signal: AbortSignal): Promise<Report> {
  try {
    const driver = flags.driver === "ledger" ? runOnLedger : runLocally;
    const report = await driver(options, watcher, signal);
    return flags.individual ? { ...report, individual: await runIndividually(options, watcher, signal) } : report;
  } catch (error) {
    // Whatever an interruption broke, the interruption is what happened.
    if (signal.aborted) throw signal.reason;
    throw error;
  }
}

async function demoOptions(flags: DemoFlags): Promise<DemoOptions> {
  requireLedger(flags);
  const task = await taskOf(flags);
  for (const [flag, folder] of Object.entries({ "--data-dir": flags.dataDir, "--test-dir": flags.testDir })) {
    if (folder !== undefined) requireFolder(flag, folder);
  }
  const params = taskParams(task, flags);
  const time = new Date().toISOString().replaceAll(/[:.]/g, "-").slice(0, 19);
  const out = flags.out ?? join("runs", time);
  makeFolder(out);
  return {
    task,
    module: moduleOf(flags),
    params,
    privacy: privacyLimit(flags, task.privacy),
    learners: flags.learners,
    rounds: flags.rounds,
    approvalBps: basisPoints(flags.voteThreshold),
    trainRatio: flags.trainRatio ?? task.trainRatio,
    seed: flags.seed,
    split: flags.split,
    backend: flags.backend,
    selection: flags.selection,
    ballot: flags.ballot,
    votes: flags.votes,
    dataDir: flags.dataDir,
    testDir: flags.testDir,
    out,
    colearn: fileURLToPath(new URL("../../bin/colearn.js", import.meta.url)),
  };
}

/** Without a ledger there is nothing to seal, to draw or to relay. */
function requireLedger({ driver, ballot, selection, votes }: DemoFlags): void {
  const given = { "--ballot sealed": ballot === "sealed", "--selection random": selection === "random" };
  const asked = Object.entries({ ...given, "--votes relayed": votes === "relayed" }).find(([, is]) => is)?.[0];
  if (driver === "ledger" || asked === undefined) return;
  throw new UserError("driver", `${asked} needs a ledger, and --driver local has none`, {
    remedy: "leave --driver local out",
  });
}

/** Found out now, not when the run is over. */
function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
  } catch (cause) {
    throw new UserError("out", `the folder ${folder} cannot be written`, { remedy: "give another with --out", cause });
  }
}

function requireFolder(flag: string, folder: string): void {
  try {
    if (!statSync(folder).isDirectory()) throw new Error("it is no folder");
    accessSync(folder, constants.R_OK);
  } catch (cause) {
    throw new UserError("folder", `the folder ${folder} cannot be read`, { remedy: `check ${flag}`, cause });
  }
}

/** Tells on standard output, or on standard error when that belongs to JSON. */
function createWatcher(json: boolean, { task }: DemoOptions): Watcher {
  const say = (line: string) => {
    progressDone();
    if (json) stderr.write(`${line}\n`);
    else print(line);
  };
  return { say, doing: progress, round: (news) => say(roundLine(news, task)) };
}

function roundLine(
  { round, proposer, status, approvals, meanTestScore, milliseconds }: RoundNews,
  task: DemoOptions["task"],
) {
  const { name, direction } = task.metric;
  const marks = approvals.map((approve, index) => {
    if (index === proposer) return paint.bold("P");
    return approve === null ? paint.dim("·") : approve ? paint.green("✓") : paint.red("✗");
  });
  const outcome = { accepted: paint.green, rejected: paint.red, skipped: paint.dim }[status](status.padEnd(8));
  const score = `mean test ${name} ${formatScore({ name, direction }, meanTestScore).padStart(6)}`;
  const seconds = `${(milliseconds / 1000).toFixed(1)} s`;
  return `round ${String(round).padStart(3)}  learner ${proposer} proposed  ${marks.join("")}  ${outcome}  ${score}  ${seconds}`;
}
