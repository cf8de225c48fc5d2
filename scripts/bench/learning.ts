/**
 * Does learning together beat learning alone? MNIST with the task's network, a fixed number of optimiser steps of all
 * learners together, one thread; docs/learning.md has the tables.
 *
 *     npm run bench -- learning [--quick] [--steps 240] [--seeds 5] [--only TEXT] [--picture FILE]
 *
 * --quick measures on the first 2000 test images, --only runs the sections with this text in their titles. What is done is kept in runs/learning.json: a benchmark that was
 * interrupted goes on where it stopped.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { useBackend } from "../../src/learning/tfjs/backend.ts";
import { drawSections } from "./learning/picture.ts";
import { Results, type Run } from "./learning/results.ts";
import { run } from "./learning/run.ts";
import { sections, type Setting } from "./learning/setting.ts";
import { loadTestImages } from "./learning/shards.ts";
import { measure, tableOf } from "./learning/table.ts";

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    steps: { type: "string", default: "240" },
    seeds: { type: "string", default: "5" },
    only: { type: "string", default: "" },
    picture: { type: "string" },
  },
});
const totalSteps = Number(values.steps);
const testImages = values.quick ? 2000 : 10_000;
const seeds = Array.from({ length: Number(values.seeds) }, (_, place) => place + 1);

const results = await Results.open(join(fileURLToPath(new URL("../..", import.meta.url)), "runs", "learning.json"));
const chosen = sections.filter(({ title }) => title.includes(values.only));
const settings = chosen.flatMap(({ rows }) => rows.map(({ setting }) => setting));
const runs = seeds.flatMap((seed) => settings.map((setting): Run => ({ setting, seed, totalSteps, testImages })));

const backend = await useBackend();
const test = await loadTestImages(testImages);
for (const [place, wanted] of runs.entries()) {
  if (results.get(wanted) !== undefined) continue;
  const result = await run(wanted.setting, wanted.seed, totalSteps, test);
  await results.add(wanted, result);
  const { method, learners, split } = wanted.setting;
  const what = `seed ${wanted.seed}, ${method}, ${learners} learners, ${split}`;
  const accuracy = result.accuracy.map((share) => (100 * share).toFixed(2)).join(", ");
  console.error(`${place + 1}/${runs.length} ${what}: ${accuracy} % in ${result.seconds.toFixed(0)} s`);
}

const resultsOf = (setting: Setting) =>
  seeds.flatMap((seed) => results.get({ setting, seed, totalSteps, testImages }) ?? []);
const measured = chosen.map((section) => measure(section, resultsOf));
// A set, since settings that occur in two sections ran once.
const done = new Set(runs.flatMap((wanted) => results.get(wanted) ?? []));
const minutes = [...done].reduce((sum, { seconds }) => sum + seconds, 0) / 60;
console.log(`Node.js ${process.version}, ${backend.description}, ${seeds.length} seeds, ${minutes.toFixed(0)} min\n`);
console.log(measured.map(tableOf).join("\n\n"));
if (values.picture !== undefined) await writeFile(values.picture, drawSections(measured));
