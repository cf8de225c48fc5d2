/**
 * Runs an experiment while everything around its nodes fails: `npm run chaos -- --seed 1`. See docs/reliability.md.
 */
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { ballots, selections } from "../src/ledger/types.ts";
import { drawKills, drawPlan } from "./chaos/plan.ts";
import { impossibleHere } from "./chaos/possible.ts";
import { runChaos } from "./chaos/run.ts";
import { describeRun, failures } from "./chaos/table.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    nodes: { type: "string", default: "8" },
    rounds: { type: "string", default: "20" },
    faults: { type: "string", default: "240" },
    plan: { type: "string", default: "chaos" },
    selection: { type: "string", default: "round-robin" },
    ballot: { type: "string", default: "open" },
    votes: { type: "string", default: "direct" },
    steps: { type: "string", default: "500" },
    window: { type: "string", default: "40" },
    limit: { type: "string", default: "3600" },
    out: { type: "string" },
  },
});

const number = (name: "seed" | "nodes" | "rounds" | "faults" | "steps" | "window" | "limit"): number => {
  const value = Number(values[name]);
  if (!Number.isSafeInteger(value) || value < 0) fail(`--${name} ${values[name]} is not a number`);
  return value;
};

function member<T extends string>(name: string, value: string, known: readonly T[]): T {
  const found = known.find((one) => one === value);
  return found ?? fail(`--${name} ${value} is none of ${known.join(", ")}`);
}

function fail(message: string): never {
  console.error(`error: ${message}`);
  process.exit(2);
}

const without = await impossibleHere();
if (without.length > 0) {
  console.log(
    `Not possible here: ${without.join(", ")} (for these, be root on Linux, and name anvil in COLEARN_ANVIL).`,
  );
}
const seed = number("seed");
const nodes = number("nodes");
const rounds = number("rounds");
const kind = member("plan", values.plan, ["chaos", "kills"]);
const plan =
  kind === "kills"
    ? drawKills({ seed, nodes, rounds })
    : drawPlan({ seed, nodes, rounds, faults: number("faults"), without });
const folder = values.out ?? (await mkdtemp(join(tmpdir(), "colearn-chaos-")));

// Told to stop, everything that was started is ended.
const stopping = new AbortController();
process.on("SIGTERM", () => stopping.abort()).on("SIGINT", () => stopping.abort());

const run = await runChaos({
  nodes,
  rounds,
  selection: member("selection", values.selection, selections),
  ballot: member("ballot", values.ballot, ballots),
  votes: member("votes", values.votes, ["direct", "relayed"]),
  steps: number("steps"),
  blockSeconds: 1,
  window: number("window"),
  plan,
  smallDisks: !without.includes("full disk") && kind === "chaos",
  folder,
  limit: number("limit"),
  say: (line) => console.log(line),
  stopping: stopping.signal,
});
const lines = [`Seed ${seed}:`, "", ...describeRun(run)];
console.log(`\n${lines.join("\n")}`);
await writeFile(join(folder, "chaos.md"), `${lines.join("\n")}\n`);
const wrong = failures(run);
for (const what of wrong) console.error(`error: ${what}`);
process.exitCode = wrong.length === 0 ? 0 : 1;
