import { resolve } from "node:path";

import type { Command } from "commander";

import { ColearnError } from "../errors.ts";
import { checkLaws, type LawFinding, type LawOutcome } from "../learning/laws.ts";
import { digestOf } from "../learning/scores.ts";
import { loadTask } from "../tasks/own-task.ts";
import { createTaskLearner, startTaskLearner, type TaskLearnerOptions } from "../tasks/task-learner.ts";
import { type FolderOptions, shardOf, withFolders } from "./data.ts";
import { integer, withJson } from "./options.ts";
import { paint, print, printJson, progress, progressDone } from "./output.ts";
import { type TrainingOptions, taskParams, withTraining } from "./training.ts";

interface TestOptions extends FolderOptions, TrainingOptions {
  readonly seed: number;
  readonly json?: boolean;
}

export function register(program: Command): void {
  const test = program
    .command("learner")
    .description("check a learner of your own")
    .command("test")
    .description("check that a module's learner keeps the laws that drivers rely on; exit code 1 if one is broken")
    .argument("<file>", "the module whose default export is the task")
    .option("--seed <n>", "seed of the initial weights and of all shuffling", integer(0), 42);
  withJson(withTraining(withFolders(test)))
    .addHelpText("after", "\nExample:\n  colearn learner test my-learner.ts --data-dir my-data")
    .action(testLearner);
}

async function testLearner(file: string, options: TestOptions): Promise<void> {
  const module = resolve(file);
  const task = await loadTask(module);
  const params = taskParams(task, options);
  const { backend, seed } = options;
  const tensors = task.usesTfjs ? await tensorCounter(backend) : undefined;
  const { topology } = await task.createModel(params, seed);
  const learnerOptions: TaskLearnerOptions = {
    task: task.name,
    module,
    params,
    shard: shardOf(options, seed),
    seed,
    metric: task.metric,
    topology,
    backend,
  };
  const createLearner = async () => (await createTaskLearner(learnerOptions)).learner;
  // What is wrong with the operator's data is told as such, and not as a broken law.
  await (await createLearner()).dispose();
  const findings: LawFinding[] = [];
  const tell = (finding: LawFinding) => {
    findings.push(finding);
    progressDone();
    if (!options.json) print(...describe(finding));
    progress("checking the next law");
  };
  const createModel = () => task.createModel(params, seed);
  for await (const finding of checkLaws({ createModel, createLearner, metric: task.metric, tensors })) tell(finding);
  tell(await sameInThread(learnerOptions));
  progressDone();
  const broken = findings.filter(({ outcome }) => outcome === "broken").length;
  if (options.json) printJson({ task: task.name, ok: broken === 0, findings });
  if (broken === 0) return;
  throw new ColearnError("laws", `the learner of ${file} breaks ${broken} of ${findings.length} laws`, {
    remedy: "see above what was found; docs/own-model.md says what each law is for",
  });
}

/** Counts tensors with the backend that will compute. */
async function tensorCounter(choice: FolderOptions["backend"]): Promise<() => number> {
  const [{ useBackend }, { memory }] = await Promise.all([
    import("../learning/tfjs/backend.ts"),
    import("@tensorflow/tfjs-core"),
  ]);
  await useBackend(choice);
  return () => memory().numTensors;
}

/** A node's learner lives in a thread of its own, from plain options and the module alone. */
async function sameInThread(options: TaskLearnerOptions): Promise<LawFinding> {
  const law = "in a thread of its own, as a node has it, it proposes what it proposes here";
  try {
    const { learner: here } = await createTaskLearner(options);
    await using there = await disposable(startTaskLearner(options));
    const isPrivate = (await here.privacyCost?.()) !== undefined;
    const [own, other] = [await here.proposeWeights(1), await there.learner.proposeWeights(1)];
    await here.dispose();
    if (isPrivate || digestOf(own) === digestOf(other)) return { law, outcome: "kept" };
    return { law, outcome: "broken", detail: "its proposal is another there" };
  } catch (error) {
    return { law, outcome: "broken", detail: error instanceof Error ? error.message : String(error) };
  }
}

async function disposable(starting: ReturnType<typeof startTaskLearner>) {
  const learner = await starting;
  return { learner, [Symbol.asyncDispose]: () => learner.dispose() };
}

const marks: Readonly<Record<LawOutcome, string>> = {
  kept: paint.green("kept    "),
  broken: paint.red("broken  "),
  doubtful: paint.yellow("doubtful"),
  skipped: paint.dim("skipped "),
};

function describe({ law, outcome, detail }: LawFinding): string[] {
  const line = `  ${marks[outcome]}  ${law}`;
  return detail === undefined ? [line] : [line, `            ${paint.dim(`→ ${detail}`)}`];
}
