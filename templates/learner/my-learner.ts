/**
 * A task of your own: which data are read, which model learns from them, and by what votes are decided. Whoever takes part
 * in the experiment has this file, and data of their own. Try it with `npx colearn learner test my-learner.ts`.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { defineDataLoader, defineLayersModel, defineTask, randomFrom, UserError, z } from "colearn-ledger/learner";

const FEATURES = 2;
const CLASSES = 2;
/** A sample a line: two numbers and a class, as `0.25,-0.5,1`. Without --data-dir, the ones beside this file are read. */
const FILE = "points.csv";

const points = defineDataLoader({
  name: "points",
  description: "points.csv: two numbers and a class, 0 or 1, a line",
  params: z.object({}),
  sample: () => ({ shape: [FEATURES], classes: CLASSES }),
  open: async (_params, folder = join(import.meta.dirname, "data")) => {
    const path = join(folder, FILE);
    const text = await readFile(path, "utf8").catch((cause: unknown) => {
      throw new UserError("data-missing", `there is no file ${path}`, {
        remedy: "name its folder with --data-dir",
        cause,
      });
    });
    const rows = text
      .trim()
      .split("\n")
      .map((line, at) => parseLine(line, `line ${at + 1} of ${path}`));
    return {
      targets: Uint8Array.from(rows, ([, , label = 0]) => label),
      read: async (numbers) => ({
        shape: [FEATURES],
        inputs: Float32Array.from([...numbers].flatMap((number) => rows[number]?.slice(0, FEATURES) ?? [])),
        scale: 1,
        targets: Uint8Array.from(numbers, (number) => rows[number]?.[FEATURES] ?? 0),
      }),
    };
  },
});

function parseLine(line: string, where: string): number[] {
  const values = line.split(",").map(Number);
  if (values.length === FEATURES + 1 && values.every(Number.isFinite) && [0, 1].includes(values[FEATURES] ?? -1)) {
    return values;
  }
  throw new UserError("data-malformed", `${where} is not two numbers and a class, 0 or 1`);
}

const network = defineLayersModel({
  name: "points-mlp",
  description: "a hidden layer of 16 and a softmax of 2",
  compatible: ["points"],
  training: { learningRate: 0.01, batchSize: 16, stepsPerProposal: 50 },
  loss: "sparseCategoricalCrossentropy",
  // What computes is imported where it computes: in the thread that learns.
  module: async () => {
    const { initializers, layers, sequential } = await import("colearn-ledger/tfjs");
    return {
      // The same weights from the same seed, and a name of its own for every layer: all learners begin alike.
      buildModel: (seed) => {
        const random = randomFrom("initial weights", seed);
        const kernelInitializer = () => initializers.glorotUniform({ seed: random.below(2 ** 31) });
        return sequential({
          name: "points",
          layers: [
            layers.dense({
              name: "hidden",
              units: 16,
              activation: "relu",
              inputShape: [FEATURES],
              kernelInitializer: kernelInitializer(),
            }),
            layers.dense({
              name: "class",
              units: CLASSES,
              activation: "softmax",
              kernelInitializer: kernelInitializer(),
            }),
          ],
        });
      },
    };
  },
});

export default defineTask({
  name: "points",
  title: "Points inside a circle",
  description: "points of a plane, inside a circle or outside, told apart by a small network",
  data: points,
  model: network,
  // Whether proposed weights are better is judged by each learner's own loss.
  metric: { name: "loss", direction: "minimise", tolerance: 0 },
  trainRatio: 0.6,
});
