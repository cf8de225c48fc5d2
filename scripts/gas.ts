/**
 * Measures the gas of every step on Hardhat's own network and writes `snapshots/gas.json` and `docs/gas.md`.
 * `node scripts/gas.ts --check` writes nothing, and exits with 1 where a figure differs from the committed one by more
 * than 0.5 %. Either way it exits with 1 where a target is missed.
 */
import { readFile, writeFile } from "node:fs/promises";

import { artifacts, tasks } from "hardhat";

import { driftOf, targetsOf, type Figures, type Steps } from "./gas/figures.ts";
import { page } from "./gas/page.ts";
import { measureOpenRounds, measureSealedRounds, measureSetUp } from "./gas/rounds.ts";
import { measureBatches, measureCalls } from "./gas/signatures.ts";
import { measureStakes } from "./gas/stakes.ts";

const SNAPSHOT = "snapshots/gas.json";
const PAGE = "docs/gas.md";

async function measureCode(): Promise<Steps> {
  const sizes: Steps = {};
  for (const contract of ["CollectiveLearning", "Stakes"]) {
    sizes[contract] = ((await artifacts.readArtifact(contract)).deployedBytecode.length - 2) / 2;
  }
  return sizes;
}

async function measure(): Promise<Figures> {
  const [open, sealed, batches] = [await measureOpenRounds(), await measureSealedRounds(), await measureBatches()];
  return {
    "Setting up": await measureSetUp(),
    "Open ballot": open.steps,
    "Sealed ballot": sealed.steps,
    "Votes by signature": batches.steps,
    "Calls by signature": await measureCalls(),
    "Leading on": { ...open.waits, ...sealed.waits },
    "Whole rounds": { ...open.rounds, ...sealed.rounds, ...batches.rounds },
    "Stakes and rewards": await measureStakes(),
    "Runtime code (bytes)": await measureCode(),
  };
}

await tasks.getTask("build").run({ quiet: true });
const figures = await measure();
const missed = targetsOf(figures).filter(({ value, limit }) => value > limit);
for (const { name, value, limit } of missed) console.error(`Missed: ${name} is ${value}, and may be ${limit}.`);

if (process.argv.includes("--check")) {
  const drift = driftOf(JSON.parse(await readFile(SNAPSHOT, "utf8")) as Figures, figures);
  for (const line of drift) console.error(line);
  if (drift.length > 0) console.error("Gas changed: run `npm run gas`, read the difference, and commit it.");
  process.exitCode = drift.length + missed.length > 0 ? 1 : 0;
} else {
  await writeFile(SNAPSHOT, `${JSON.stringify(figures, null, 2)}\n`);
  await writeFile(PAGE, page(figures));
  for (const [section, steps] of Object.entries(figures)) {
    console.log(section);
    console.table(steps);
  }
  process.exitCode = missed.length > 0 ? 1 : 0;
}
