import { ColearnError } from "../errors.ts";
import { runLocal, scoreCurrent, trainAlone, type LocalRound } from "../learning/local-driver.ts";
import { BudgetedLearner, MemorySpendings, requirePrivate } from "../learning/privacy/budget.ts";
import { scoresOf } from "../node/context.ts";
import { meanScore, meanTestScore, type Report, type RoundReport } from "../report/report.ts";
import { prepareExperiment } from "../tasks/prepare.ts";
import { startTaskLearner } from "../tasks/task-learner.ts";
import { privacyOf, type Manifest } from "../weights/manifest.ts";
import type { Weights } from "../weights/weights.ts";
import type { DemoOptions, Watcher } from "./options.ts";

/** Runs the experiment without a ledger: the same learners, in threads of this process. */
export async function runLocally(options: DemoOptions, watcher: Watcher, signal: AbortSignal): Promise<Report> {
  const draft = await prepareExperiment(options);
  watcher.doing(`starting ${options.learners} learners`);
  await using team = await startLearners(options, draft, signal);
  const { learners, backend } = team;
  watcher.say(`${options.learners} learners in one process, without a ledger, on ${backend}`);
  const initial = { meanTestScore: meanTestScore(await scoreCurrent(learners, signal)) };

  const rounds: RoundReport[] = [];
  const { rounds: total, approvalBps } = options;
  const onProgress = (round: number, done: number, steps: number) => {
    watcher.doing(`round ${round} of ${total}: training, step ${done} of ${steps}`);
  };
  for await (const record of runLocal({ learners, rounds: total, approvalBps, signal, onProgress })) {
    const round = describe(record);
    rounds.push(round);
    watcher.round({
      ...round,
      approvals: round.votes.map(({ approve }) => approve),
      meanTestScore: meanTestScore(round.votes),
      milliseconds: round.milliseconds.total,
    });
  }
  const accepted = rounds.findLast(({ status }) => status === "accepted");
  const { name, direction } = options.task.metric;
  return {
    task: options.task.name,
    driver: "local",
    seed: options.seed,
    backend,
    metric: { name, direction },
    learners: learners.map((_, index) => ({ index })),
    rounds,
    initial,
    final: { meanTestScore: accepted ? meanTestScore(accepted.votes) : initial.meanTestScore },
  };
}

/** What each learner reaches alone, on as many training steps as the whole experiment had. */
export async function runIndividually(
  options: DemoOptions,
  watcher: Watcher,
  signal: AbortSignal,
): Promise<NonNullable<Report["individual"]>> {
  const draft = await prepareExperiment(options);
  await using team = await startLearners(options, draft, signal);
  const onProgress = (done: number, total: number) => {
    watcher.doing(`each learner alone: ${done} of ${total} trainings`);
  };
  const scores = await trainAlone({ learners: team.learners, rounds: options.rounds, signal, onProgress });
  const tests = scores.map(({ testScore }) => testScore);
  const best = options.task.metric.direction === "maximise" ? Math.max(...tests) : Math.min(...tests);
  return { meanTestScore: meanScore(tests), bestTestScore: best };
}

async function startLearners(
  options: DemoOptions,
  { manifest, weights }: { manifest: Manifest; weights: Weights },
  signal: AbortSignal,
) {
  const { dataDir, testDir, split, seed, trainRatio, backend } = options;
  const limit = privacyOf(manifest);
  const start = async (index: number) => {
    const shard = { dataDir, testDir, split, seed, trainRatio, index, learners: options.learners };
    const { task, metric, model } = manifest;
    const common = {
      task: task.name,
      module: options.module,
      params: task.params,
      seed,
      metric,
      topology: model.topology,
      backend,
    };
    const learner = await startTaskLearner({ ...common, shard }, { signal });
    await learner.acceptWeights(weights);
    if (limit === undefined) return learner;
    // Before it does anything else: a limit on training that is not private is a mistake.
    await requirePrivate(learner);
    const { info } = learner;
    return Object.assign(new BudgetedLearner(learner, limit, new MemorySpendings()), { info });
  };
  const started = await Promise.allSettled(Array.from({ length: options.learners }, (_, index) => start(index)));
  const learners = started.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const dispose = async () => {
    await Promise.all(learners.map((learner) => learner.dispose()));
  };
  const failed = started.find((one) => one.status === "rejected");
  if (failed) {
    await dispose();
    throw failed.reason;
  }
  const first = learners[0];
  if (first === undefined) throw new ColearnError("too-few-learners", "an experiment needs learners");
  return { learners, backend: first.info.backend.description, [Symbol.asyncDispose]: dispose };
}

function describe({ round, proposer, outcome, epsilon, votes, milliseconds }: LocalRound): RoundReport {
  return {
    round,
    proposer,
    status: outcome,
    ...(epsilon !== undefined && { epsilon }),
    votes: votes.map(({ learner, approve, ...scores }) => ({ learner, approve, ...scoresOf(scores) })),
    milliseconds: {
      train: Math.round(milliseconds.train),
      evaluate: Math.round(milliseconds.evaluate),
      total: Math.round(milliseconds.total),
    },
  };
}
