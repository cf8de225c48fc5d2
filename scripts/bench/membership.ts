/**
 * How well can one tell from a model whether a sample was trained on, with and without privacy? Small networks, overfitted on
 * some 200 images of MNIST, and two attacks; docs/privacy.md has the table.
 *
 *     npm run bench -- membership [--seeds 5] [--models 16]
 *
 * For each seed a pool of images is drawn, and in each setting as many models are trained, each on a random half of the
 * pool: every image is tossed for, so that an attacker who knows nothing is right half the time. Each model is attacked
 * in its turn, with the others as the attacker's own.
 */
import { parseArgs } from "node:util";

import { epsilonOf } from "../../src/learning/privacy/accountant.ts";
import { permutation, randomFrom } from "../../src/learning/random.ts";
import type { Samples } from "../../src/learning/samples.ts";
import { useBackend } from "../../src/learning/tfjs/backend.ts";
import { mnistImages } from "../../src/tasks/mnist/files.ts";
import { loadTestImages } from "./learning/shards.ts";
import { deviation, mean } from "./learning/table.ts";
import {
  advantage,
  areaUnderCurve,
  type Guesses,
  likelihoodRatio,
  lossThreshold,
  membersFound,
  mostAdvantage,
} from "./membership/attacks.ts";
import { type Attacked, noiseFor, RATE, train, type Training } from "./membership/targets.ts";

const POOL = 400;
const TEST_IMAGES = 1000;
const STEPS = 100;
/** Below one divided by the number of samples, as it should be. */
const DELTA = 1e-3;
const FALSE_ALARMS = 0.01;

const { values } = parseArgs({
  options: { seeds: { type: "string", default: "5" }, models: { type: "string", default: "16" } },
});
const [seeds, models] = [Number(values.seeds), Number(values.models)];

interface Setting {
  readonly label: string;
  readonly training: Training;
  /** What an attack can reach at most. */
  readonly bound: number;
}

function privately(wanted: number): Setting {
  const noiseMultiplier = noiseFor(wanted, DELTA, STEPS);
  const epsilon = epsilonOf([{ sampleRate: RATE, noiseMultiplier, steps: STEPS }], DELTA);
  return {
    label: `ε = ${epsilon.toFixed(2)}, noise ${noiseMultiplier.toFixed(2)}`,
    training: { steps: STEPS, noiseMultiplier },
    bound: mostAdvantage(epsilon, DELTA),
  };
}

const settings: readonly Setting[] = [
  { label: "no privacy", training: { steps: STEPS }, bound: 1 },
  ...[8, 4, 1].map(privately),
];

const columns = ["train", "test", "AUC by loss", "advantage", "found", "AUC by ratio", "advantage", "found"] as const;

/** One figure for each column, the mean over the models. */
async function measure(pool: Samples, test: Samples, training: Training, seed: number): Promise<number[]> {
  const random = randomFrom("members", seed);
  const attacked: Attacked[] = [];
  for (let model = 0; model < models; model++) {
    const members = [...pool.targets.keys()].filter(() => random.below(2) === 1);
    attacked.push(await train(pool, members, test, training, seed * models + model));
  }
  const ratios = attacked.map((target) =>
    likelihoodRatio(
      target,
      attacked.filter((other) => other !== target),
    ),
  );
  return [
    mean(attacked.map(({ trainAccuracy }) => trainAccuracy)),
    mean(attacked.map(({ testAccuracy }) => testAccuracy)),
    ...success(attacked, attacked.map(lossThreshold)),
    ...success(attacked, ratios),
  ];
}

function success(attacked: readonly Attacked[], guesses: readonly Guesses[]): number[] {
  const each = (figure: (guesses: Guesses, isMember: readonly boolean[]) => number): number =>
    mean(attacked.map(({ isMember }, model) => figure(guesses[model] ?? new Float64Array(), isMember)));
  return [
    each(areaUnderCurve),
    each(advantage),
    // Of all models together: one has too few strangers for a hundredth of them.
    membersFound(
      Float64Array.from(guesses.flatMap((some) => [...some])),
      attacked.flatMap(({ isMember }) => isMember),
      FALSE_ALARMS,
    ),
  ];
}

const start = performance.now();
const backend = await useBackend();
const test = await loadTestImages(TEST_IMAGES);
const images = await mnistImages.open({}, undefined, "train");
const results = new Map<Setting, number[][]>(settings.map((setting) => [setting, []]));
for (let seed = 1; seed <= seeds; seed++) {
  const chosen = permutation(images.targets.length, randomFrom("pool", seed)).subarray(0, POOL);
  const pool = await images.read(chosen);
  for (const [setting, figures] of results) figures.push(await measure(pool, test, setting.training, seed));
  console.error(`seed ${seed} of ${seeds}, ${((performance.now() - start) / 1000).toFixed(0)} s`);
}

console.log(
  `Node.js ${process.version}, ${backend.description}; ${seeds} seeds, ${models} models each, δ = ${DELTA}\n`,
);
console.log(`| training | ${columns.join(" | ")} | at most |`);
console.log(`| --- | ${columns.map(() => "---").join(" | ")} | --- |`);
for (const [{ label, bound }, figures] of results) {
  const cells = columns.map((_, column) => {
    const ofSeeds = figures.map((row) => row[column] ?? NaN);
    return seeds > 1 ? `${mean(ofSeeds).toFixed(3)} ± ${deviation(ofSeeds).toFixed(3)}` : mean(ofSeeds).toFixed(3);
  });
  console.log(`| ${label} | ${cells.join(" | ")} | ${bound.toFixed(2)} |`);
}
