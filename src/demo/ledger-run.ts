import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { audit, type Audit } from "../audit/audit.ts";
import { ColearnError, UserError } from "../errors.ts";
import { connect } from "../ledger/connect.ts";
import { deployContract } from "../ledger/deploy.ts";
import { devAccount } from "../ledger/dev-accounts.ts";
import { Ledger } from "../ledger/ledger.ts";
import { Transactor } from "../ledger/transactor.ts";
import { isFinal, lastSettled } from "../ledger/types.ts";
import { useBackend } from "../learning/tfjs/backend.ts";
import { ContactBook } from "../node/contact.ts";
import { fetchModel, writeModel } from "../node/export.ts";
import { openStore } from "../node/open-store.ts";
import type { Report } from "../report/report.ts";
import { Resources } from "../resources.ts";
import { prepareExperiment } from "../tasks/prepare.ts";
import { startChain } from "./chain.ts";
import { enrol } from "./enrol.ts";
import { buildReport, hasScored, roundNews, type RoundTimes } from "./ledger-report.ts";
import type { LiveExperiment } from "./live-experiment.ts";
import { NodeProcess } from "./node-process.ts";
import type { DemoOptions, Watcher } from "./options.ts";

/** Seconds a phase may take: far more than it should, so that only a lost node makes anybody wait for it. */
const WINDOW_SECONDS = 120;
/** How much more plain JavaScript needs. */
const CPU_FACTOR = 100;
/** The training steps for which the window is meant. */
const WINDOW_STEPS = 100;
const ENROLMENT_SECONDS = 3_600;
const PAUSE_SECONDS = 3_600;
const LOOK_MILLISECONDS = 50;
/** How long nodes may take to hold the final weights: nearly all evaluated them already. */
const FINISH_MILLISECONDS = 60_000;

/**
 * Runs the experiment for real: a chain, a contract, one `colearn node` process a learner with its own key, folder and
 * IPFS node. The demo itself deploys, creates, has the learners join in their order, starts, and then only watches.
 */
export async function runOnLedger(options: DemoOptions, watcher: Watcher, signal: AbortSignal): Promise<Report> {
  const { learners, out } = options;
  await using resources = new Resources();
  const homes = await mkdtemp(join(tmpdir(), "colearn-demo-"));
  resources.defer(() => rm(homes, { recursive: true, force: true }));
  const home = (name: number | "export") => join(homes, `learner-${name}`);
  const logs = join(out, "logs");
  await mkdir(logs, { recursive: true });

  watcher.doing("starting a local chain");
  const chain = await startChain({ accounts: learners + 1 });
  resources.defer(() => chain.stop());
  const provider = await connect({ rpc: chain.rpc });
  resources.defer(() => provider.destroy());
  const chainId = Number((await provider.getNetwork()).chainId);
  const coordinator = devAccount(learners);
  const ledger = new Ledger(provider, (await deployContract(coordinator.connect(provider))).address);
  watcher.say(`Contract ${ledger.address} on a local Hardhat chain at ${chain.rpc}`);

  watcher.doing("creating the experiment");
  const transactor = await Transactor.create(ledger, coordinator);
  const experiment = await create(options, transactor, home(0));

  const nodes = Array.from({ length: learners }, (_, index) => {
    const args = nodeArguments(options, { rpc: chain.rpc, ledger, experiment, index, home: home(index) });
    return new NodeProcess(options.colearn, args, join(logs, `learner-${index}.log`));
  });
  resources.defer(async () => {
    await Promise.all(nodes.map((node) => node.stop()));
  });
  watcher.doing(`starting ${learners} nodes`);
  const live: LiveExperiment = { options, ledger, experiment, chainId, nodes };
  await untilReady(nodes, logs, signal);
  const pids = nodes.map(({ pid }) => pid).join(", ");
  watcher.say(
    `Experiment ${experiment}: ${learners} learners, each a process with its own key and IPFS node (pids ${pids})`,
  );

  await transactor.start(experiment);
  const times = await follow(live, watcher, signal);
  const report = await buildReport(live, times);
  await takeHome(live, home("export"), watcher);
  return report;
}

/** The experiment, with all learners in it: manifest and initial weights are in the first one's store. */
async function create(options: DemoOptions, transactor: Transactor, home: string): Promise<bigint> {
  const { learners, rounds, approvalBps, selection, ballot } = options;
  const backend = await useBackend(options.backend);
  const draft = await prepareExperiment(options);
  const steps = Number(options.params.stepsPerProposal ?? WINDOW_STEPS);
  const factor = Math.max(1, steps / WINDOW_STEPS) * (backend.name === "cpu" ? CPU_FACTOR : 1);
  const window = Math.ceil(WINDOW_SECONDS * factor);
  const times = { window, pauseLimit: PAUSE_SECONDS, enrolmentWindow: ENROLMENT_SECONDS };
  return enrol(transactor, draft, { learners, rounds, approvalBps, selection, ballot, ...times }, home);
}

function nodeArguments(
  { learners, module, split, trainRatio, backend, dataDir, testDir, votes }: DemoOptions,
  run: { rpc: string; ledger: Ledger; experiment: bigint; index: number; home: string },
): string[] {
  const args = {
    "--rpc": run.rpc,
    "--contract": run.ledger.address,
    "--dev-account": run.index,
    "--home": run.home,
    "--shard": `${run.index}/${learners}`,
    "--learner": module,
    "--split": split,
    "--train-ratio": trainRatio,
    "--backend": backend,
    "--data-dir": dataDir,
    "--test-dir": testDir,
    "--votes": votes === "direct" ? undefined : votes,
  };
  const given = Object.entries(args).filter(([, value]) => value !== undefined);
  return [run.experiment.toString(), ...given.flatMap(([name, value]) => [name, String(value)])];
}

/** Waits until every node holds the initial weights: nobody waits for a start-up in the first round. */
async function untilReady(nodes: readonly NodeProcess[], logs: string, signal: AbortSignal): Promise<void> {
  while (!nodes.every((node) => node.told("synchronised"))) {
    await requireRunning(nodes, logs);
    await sleep(LOOK_MILLISECONDS, undefined, { signal });
  }
}

/** A node that does not even start is not a fault to survive: its last words say why. */
async function requireRunning(nodes: readonly NodeProcess[], logs: string): Promise<void> {
  const index = nodes.findIndex((node) => !node.running);
  const ended = nodes[index];
  if (ended === undefined) return;
  const log = join(logs, `learner-${index}.log`);
  await sleep(LOOK_MILLISECONDS);
  const words = (await readFile(log, "utf8").catch(() => "")).trim().split("\n").at(-1) ?? "";
  const message = `learner ${index}'s node did not start: ${words.replace(/^error: /, "")}`;
  // What is wrong for a node (its data, its backend) was said to the demo.
  const Kind = ended.exitCode === USER_ERROR ? UserError : ColearnError;
  throw new Kind("node-ended", message, { remedy: `see ${log}` });
}

/** The exit code of a mistake in what a command was given. */
const USER_ERROR = 2;

/** Watches until the experiment has ended for every node, and notes when each round was seen to open and to settle. */
async function follow(live: LiveExperiment, watcher: Watcher, signal: AbortSignal): Promise<RoundTimes> {
  const { ledger, experiment, nodes, options } = live;
  const addresses = await ledger.learners(experiment);
  const times: RoundTimes = [];
  let opened = Date.now();
  let told = 0;
  // A round is told when its scores are there, which the nodes tell a little after the chain settles it.
  const tell = async (known: (round: number) => boolean) => {
    while (told < times.length && known(told + 1)) watcher.round(await roundNews(live, times, ++told));
  };
  for (;;) {
    const snapshot = await ledger.snapshot(experiment);
    const settled = lastSettled(snapshot);
    for (const now = Date.now(); times.length < settled; opened = now) times.push({ opened, settled: now });
    await tell((round) => round < settled || nodes.every((node) => !node.running || hasScored(node, round)));
    if (isFinal(snapshot.status)) break;
    if (nodes.filter((node) => node.running).length < 2) {
      throw new ColearnError("nodes-ended", "fewer than two learners' nodes still run", {
        remedy: `see the logs in ${join(options.out, "logs")}`,
      });
    }
    if (snapshot.status === "paused") watcher.doing("paused: fewer than two learners are active");
    else {
      const step = snapshot.phase === "propose" ? "trains" : "is being evaluated by the others";
      const proposer = addresses.indexOf(snapshot.proposer ?? "");
      watcher.doing(`round ${snapshot.round} of ${snapshot.rounds}: learner ${proposer} ${step}`);
    }
    await sleep(LOOK_MILLISECONDS, undefined, { signal });
  }
  watcher.doing("waiting for the nodes to take the final weights home");
  const end = Date.now() + FINISH_MILLISECONDS;
  while (nodes.some((node) => node.running && !node.told("finished")) && Date.now() < end) {
    await sleep(LOOK_MILLISECONDS, undefined, { signal });
  }
  await tell(() => true);
  return times;
}

/**
 * Fetches the model as `colearn export` does, from whichever node serves it, and checks the run as `colearn audit` does.
 * The report depends on neither.
 */
async function takeHome({ ledger, experiment, options }: LiveExperiment, home: string, watcher: Watcher) {
  const store = await openStore({ home });
  const timeoutMilliseconds = 10_000;
  try {
    const model = await fetchModel({ ledger, experiment, store, timeoutMilliseconds });
    await writeModel(join(options.out, "model"), model);
    watcher.doing("checking all rounds again");
    const providers = await new ContactBook(ledger, experiment, []).providers();
    const audited = await audit({ ledger, experiment, store, providers, timeoutMilliseconds, lineage: "accepted" });
    watcher.say(verdict(audited));
  } catch (error) {
    if (!(error instanceof ColearnError)) throw error;
    watcher.say(`warning: the model was not written, or not checked: ${error.message}`);
  } finally {
    await store.stop();
  }
}

function verdict({ rounds, files, violations: [first] }: Audit): string {
  if (first === undefined) return `Audit: ${rounds} rounds keep every rule, ${files} files of weights are sound.`;
  return `Audit: round ${first.round} breaks the rule "${first.rule}": ${first.detail}`;
}
