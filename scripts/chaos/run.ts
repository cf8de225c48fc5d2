/** One run: a chain, stakeholders, an experiment, a plan of faults, and in the end the audit. */
import { execFile } from "node:child_process";
import { appendFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { connect } from "../../src/ledger/connect.ts";
import { deployContract } from "../../src/ledger/deploy.ts";
import { devAccount } from "../../src/ledger/dev-accounts.ts";
import { Ledger } from "../../src/ledger/ledger.ts";
import { Transactor } from "../../src/ledger/transactor.ts";
import { isFinal, type Ballot, type Selection } from "../../src/ledger/types.ts";
import { encodeContact } from "../../src/node/contact.ts";
import { openStore } from "../../src/node/open-store.ts";
import { publishExperiment } from "../../src/node/publish.ts";
import { linkToJoin, Secrets, secretScope } from "../../src/node/secrets.ts";
import { prepareExperiment } from "../../src/tasks/prepare.ts";
import { getTask } from "../../src/tasks/registry.ts";
import { startChaosChain, type ChaosChain } from "./chain.ts";
import { Injector, type Injected } from "./inject.ts";
import { outcomeOf, type RunOutcome } from "./outcome.ts";
import type { Fault } from "./plan.ts";
import { Stakeholder } from "./stakeholder.ts";

export interface RunOptions {
  readonly nodes: number;
  readonly rounds: number;
  readonly selection: Selection;
  readonly ballot: Ballot;
  readonly votes: "direct" | "relayed";
  /** Training steps for a proposal. */
  readonly steps: number;
  readonly blockSeconds: number;
  /** Seconds to propose, to vote and to reveal. */
  readonly window: number;
  /** The faults, once it is known what the chain's client is. */
  readonly plan: readonly Fault[];
  readonly smallDisks: boolean;
  /** For chain, homes and logs. */
  readonly folder: string;
  /** After this the run has failed, seconds. */
  readonly limit: number;
  readonly say: (line: string) => void;
  readonly stopping: AbortSignal;
}

export interface ChaosRun {
  /** How often a node's process ended by itself, and was started again. */
  readonly restarts: number;
  readonly client: ChaosChain["client"];
  readonly faults: readonly Injected[];
  readonly outcome: RunOutcome;
  readonly seconds: number;
  readonly audit: { readonly exitCode: number; readonly output: string };
}

const ENROLMENT_SECONDS = 36_000;
const LOOK_MILLISECONDS = 100;
const colearn = fileURLToPath(new URL("../../bin/colearn.js", import.meta.url));

export async function runChaos(options: RunOptions): Promise<ChaosRun> {
  const { nodes, folder, plan, say } = options;
  await using resources = new AsyncDisposableStack();
  await mkdir(folder, { recursive: true });
  const chain = resources.use(
    await startChaosChain({ accounts: nodes + 2, blockSeconds: options.blockSeconds, folder }),
  );
  const { client } = chain;
  const provider = await connect({ rpc: chain.rpc });
  resources.defer(() => provider.destroy());
  const coordinator = devAccount(nodes);
  const ledger = new Ledger(provider, (await deployContract(coordinator.connect(provider))).address);
  const transactor = await Transactor.create(ledger, coordinator);

  const shared = ["--contract", ledger.address, "--backend", "wasm", "--votes", options.votes];
  const stakeholders: Stakeholder[] = [];
  const homes = Array.from({ length: nodes }, (_, account) => account);
  for (const account of homes) {
    const args = ["1", ...shared, "--shard", `${account}/${nodes}`];
    const disk = options.smallDisks;
    stakeholders.push(resources.use(await Stakeholder.create({ account, folder, chain: () => chain.rpc, args, disk })));
  }
  const experiment = await create(options, transactor, stakeholders[0]?.home ?? folder);
  const { config } = await ledger.experiment(experiment);
  const scope = await secretScope(ledger, experiment);
  await Promise.all(
    homes.map(async (account) => {
      const wallet = devAccount(account);
      const link = linkToJoin(config, new Secrets(wallet, scope));
      await (await Transactor.create(ledger, wallet)).join(experiment, encodeContact([]), { link });
    }),
  );
  for (const stakeholder of stakeholders) stakeholder.start();
  const late = AbortSignal.timeout(options.limit * 1_000);
  const until = async (what: string, isSo: () => boolean | Promise<boolean>) => {
    while (!(await isSo())) {
      options.stopping.throwIfAborted();
      if (late.aborted) throw new Error(`after ${options.limit} s still not: ${what}. See ${folder}`);
      await sleep(LOOK_MILLISECONDS);
    }
  };
  await until("all nodes are ready", () => stakeholders.every(({ process }) => process?.told("synchronised")));
  await transactor.start(experiment);
  say(`${nodes} nodes on ${client}, ${options.rounds} rounds, ${plan.length} faults planned; logs in ${folder}`);

  const began = Date.now();
  const over = new AbortController();
  const injector = new Injector(chain, stakeholders, over.signal);
  const faults: Injected[] = [];
  const underWay = new Set<Promise<unknown>>();
  const waiting = [...plan];
  const diary = join(folder, "faults.jsonl");
  const seenAt = new Map<number, number>();
  /** A fault that could not be made: the run is worth nothing. */
  let broken: Error | undefined;
  const look = async (): Promise<boolean> => {
    for (const one of stakeholders) {
      if (!one.isRunning && !one.isHit && !one.isDeadForGood) one.restart();
    }
    if (broken !== undefined) throw broken;
    const snapshot = await ledger.snapshot(experiment).catch(() => undefined);
    if (snapshot === undefined) return false;
    for (let round = 1; round <= snapshot.round; round++) {
      if (seenAt.has(round)) continue;
      seenAt.set(round, Date.now());
      say(`round ${round}: ${faults.length} faults so far, ${Math.round((Date.now() - began) / 1_000)} s`);
    }
    while (waiting[0] && Date.now() >= (seenAt.get(waiting[0].round) ?? Infinity) + waiting[0].after * 1_000) {
      const fault = waiting.shift();
      if (fault === undefined) break;
      const done = injector
        .inject(fault)
        .then((injected) => {
          if (injected) faults.push(injected);
          appendFileSync(diary, `${JSON.stringify({ at: Date.now(), fault, injected })}\n`);
        })
        .catch((error: unknown) => (broken = error instanceof Error ? error : new Error(String(error))))
        .finally(() => underWay.delete(done));
      underWay.add(done);
    }
    return isFinal(snapshot.status);
  };
  await until("the experiment is completed", look);
  over.abort();
  await Promise.all(underWay);
  const living = stakeholders.filter(({ isDeadForGood }) => !isDeadForGood);
  await until("all nodes took the final weights", () => {
    for (const one of living) if (!one.isRunning) one.restart();
    return living.every(({ process }) => process?.told("finished"));
  });
  const outcome = await outcomeOf(
    ledger,
    experiment,
    stakeholders.map(({ toChain }) => toChain.signed),
  );
  const audit = await runAudit(["1", "--rpc", chain.rpc, "--contract", ledger.address]);
  const restarts = stakeholders.reduce((sum, one) => sum + one.restarts, 0);
  return { client, restarts, faults, outcome, seconds: (Date.now() - began) / 1_000, audit };
}

async function create(options: RunOptions, transactor: Transactor, home: string): Promise<bigint> {
  const { nodes, rounds, selection, ballot, window, steps } = options;
  const task = getTask("iris");
  const draft = await prepareExperiment({ task, params: { stepsPerProposal: steps }, seed: 42 });
  const rules = {
    rounds,
    minLearners: nodes,
    maxLearners: nodes,
    approvalBps: 5_000,
    proposeWindow: window,
    voteWindow: window,
    pauseLimit: ENROLMENT_SECONDS,
    admission: "open" as const,
    selection,
    ballot,
    earlyDecision: false,
    revealWindow: ballot === "sealed" ? window : 0,
    stakes: undefined,
  };
  const store = await openStore({ home });
  try {
    return (await publishExperiment(transactor, store, draft, rules, ENROLMENT_SECONDS)).id;
  } finally {
    await store.stop();
  }
}

/** As anybody would: from the chain, and from whichever node serves the files. */
async function runAudit(args: readonly string[]): Promise<ChaosRun["audit"]> {
  const run = promisify(execFile)(process.execPath, [colearn, "audit", "--no-config", ...args]);
  return run.then(
    ({ stdout }) => ({ exitCode: 0, output: stdout }),
    (error: unknown) => {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      return { exitCode: code, output: `${stdout}${stderr}` };
    },
  );
}
