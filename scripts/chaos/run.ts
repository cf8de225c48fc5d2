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
import { isFinal } from "../../src/ledger/types.ts";
import { enrolOnIris, type Rules } from "../network/iris.ts";
import { startChaosChain, type ChaosChain } from "./chain.ts";
import { Injector, type Injected } from "./inject.ts";
import { outcomeOf, type RunOutcome } from "./outcome.ts";
import type { Fault } from "./plan.ts";
import { Stakeholder } from "./stakeholder.ts";

export interface RunOptions extends Rules {
  readonly votes: "direct" | "relayed";
  readonly blockSeconds: number;
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
  const ledger = new Ledger(provider, (await deployContract(devAccount(nodes).connect(provider))).address);

  const shared = ["--contract", ledger.address, "--backend", "wasm", "--votes", options.votes];
  const stakeholders: Stakeholder[] = [];
  for (let account = 0; account < nodes; account++) {
    const args = ["1", ...shared, "--shard", `${account}/${nodes}`];
    const disk = options.smallDisks;
    stakeholders.push(resources.use(await Stakeholder.create({ account, folder, chain: () => chain.rpc, args, disk })));
  }
  const { experiment, transactor } = await enrolOnIris(ledger, { ...options, home: stakeholders[0]?.home ?? folder });
  for (const stakeholder of stakeholders) stakeholder.start();
  const late = AbortSignal.timeout(options.limit * 1_000);
  const until = async (what: string, isSo: () => boolean | Promise<boolean>) => {
    while (!(await isSo())) {
      options.stopping.throwIfAborted();
      if (late.aborted) throw new Error(`after ${options.limit} s still not: ${what}. See ${folder}`);
      await sleep(LOOK_MILLISECONDS);
    }
  };
  await until("all nodes are ready", () => {
    for (const one of stakeholders) if (!one.isRunning) one.restart();
    return stakeholders.every(({ process }) => process?.told("synchronised"));
  });
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
