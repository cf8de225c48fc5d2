/**
 * A week in fast-forward: real nodes for very many rounds of the smallest task, and what each holds of memory, open files and
 * disk: `npm run soak -- --rounds 1000`. Linux only. See docs/reliability.md.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { startChain } from "../src/demo/chain.ts";
import { NodeProcess } from "../src/demo/node-process.ts";
import { connect } from "../src/ledger/connect.ts";
import { deployContract } from "../src/ledger/deploy.ts";
import { devAccount } from "../src/ledger/dev-accounts.ts";
import { Ledger } from "../src/ledger/ledger.ts";
import { isFinal, lastSettled } from "../src/ledger/types.ts";
import { enrolOnIris } from "./network/iris.ts";
import { compare, measure, type Sample } from "./soak/samples.ts";

const { values } = parseArgs({
  options: {
    nodes: { type: "string", default: "4" },
    rounds: { type: "string", default: "1000" },
    keep: { type: "string", default: "10" },
    every: { type: "string", default: "5" },
  },
});
const nodes = Number(values.nodes);
const rounds = Number(values.rounds);
const every = Number(values.every);
const LOOK_MILLISECONDS = 100;

await using resources = new AsyncDisposableStack();
const folder = await mkdtemp(join(tmpdir(), "colearn-soak-"));
resources.defer(() => rm(folder, { recursive: true, force: true }));
const chain = await startChain({ accounts: nodes + 1 });
resources.defer(() => chain.stop());
const provider = await connect({ rpc: chain.rpc });
resources.defer(() => provider.destroy());
const ledger = new Ledger(provider, (await deployContract(devAccount(nodes).connect(provider))).address);
const homes = Array.from({ length: nodes }, (_, account) => join(folder, `node-${account}`));
const rules = { nodes, rounds, selection: "round-robin", ballot: "open", steps: 1, window: 600 } as const;
const { experiment, transactor } = await enrolOnIris(ledger, { ...rules, home: homes[0] ?? folder });

const colearn = fileURLToPath(new URL("../bin/colearn.js", import.meta.url));
const processes = homes.map((home, account) => {
  const target = ["--rpc", chain.rpc, "--contract", ledger.address, "--dev-account", String(account), "--home", home];
  const own = [
    "--shard",
    `${account}/${nodes}`,
    "--backend",
    "wasm",
    ...(values.keep === "" ? [] : ["--keep", values.keep]),
  ];
  return new NodeProcess(colearn, [experiment.toString(), ...target, ...own], join(folder, `node-${account}.log`));
});
resources.defer(async () => {
  await Promise.all(processes.map((process) => process.stop()));
});
while (!processes.every((process) => process.told("synchronised"))) await sleep(LOOK_MILLISECONDS);
await transactor.start(experiment);

const began = performance.now();
const samples: Sample[] = [];
for (;;) {
  const snapshot = await ledger.snapshot(experiment);
  const settled = lastSettled(snapshot);
  if (settled >= samples.length * every) {
    const measured = await Promise.all(processes.map(({ pid = 0 }, account) => measure(pid, homes[account] ?? "")));
    samples.push({ round: settled, nodes: measured });
    if (samples.length % 20 === 0)
      console.log(`round ${settled}, ${Math.round((performance.now() - began) / 1_000)} s`);
  }
  // What they told is of no use here, and would be most of this process's memory.
  for (const process of processes) process.events.length = 0;
  if (isFinal(snapshot.status)) break;
  await sleep(LOOK_MILLISECONDS);
}
const seconds = (performance.now() - began) / 1_000;
const { lines, failures } = compare(samples, rounds);
console.log(
  `\n${rounds} rounds, ${nodes} nodes, ${Math.round(seconds)} s (${(seconds / rounds).toFixed(2)} s a round)\n`,
);
console.log(lines.join("\n"));
for (const failure of failures) console.error(`error: ${failure}`);
process.exitCode = failures.length === 0 ? 0 : 1;
