/** Features of chest X-rays, and their diagnoses: from three MATLAB files, or from one table. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { z } from "zod";

import { UserError } from "../../errors.ts";
import type { Samples } from "../../learning/samples.ts";
import { type DataSet, type DataSource, defineDataLoader, requireFolder } from "../data-loader.ts";
import { exists } from "../files.ts";
import { findTable, RowFault } from "../table/csv.ts";
import { standardisation } from "../table/standardise.ts";
import { numberIn, openTable, pick, requireWidth, type TableFormat } from "../table/table.ts";
import { readMatrix } from "./mat.ts";

/** The matrices' names, and their files'; in their last columns are the classes. */
const MATRICES = ["covid", "normal", "pneumonia"] as const;
const TABLE = "features.csv";

const source: DataSource = {
  files: [],
  byHand:
    "the features come from covid-chestxray-dataset (GitHub) and Kaggle's chest-xray-pneumonia; nobody publishes them",
};

export const covidFeatures = defineDataLoader({
  name: "covid",
  description:
    "features of chest X-rays: a folder's covid.mat, normal.mat and pneumonia.mat, or features.csv, " +
    "whose last column is the class, 0 to 2",
  params: z.object({
    /** Numbers a sample, before its class. */
    features: z.int().min(1).max(65_536).default(252),
  }),
  source,
  sample: ({ features }) => ({ shape: [features], classes: MATRICES.length }),
  fit: (_params, train) => standardisation(train),
  open: async ({ features }, given) => {
    const folder = requireFolder(given, source);
    if (await exists(join(folder, `${MATRICES[0]}.mat`))) return openMatrices(folder, features);
    const remedy = "or the three files covid.mat, normal.mat and pneumonia.mat";
    return openTable(await findTable(folder, [TABLE], remedy), formatOf(features));
  },
});

function formatOf(features: number): TableFormat {
  const read = (cells: readonly string[], inputs: Float32Array): number => {
    requireWidth(cells, features + 1);
    for (let feature = 0; feature < features; feature++) {
      inputs[feature] = numberIn(cells, feature, String(feature + 1));
    }
    return classOf(numberIn(cells, features, "of classes"));
  };
  // Names of columns may come first, and none of them is a number.
  const isHeader = (cells: readonly string[]) => cells.every((cell) => Number.isNaN(Number(cell)));
  return { features, classes: true, begin: (cells) => ({ read, from: isHeader(cells) ? "next" : "this" }) };
}

function classOf(value: number, where = ""): number {
  if (Number.isInteger(value) && value >= 0 && value < MATRICES.length) return value;
  throw new RowFault(`${where}its class is ${value}, not 0, 1 or 2`);
}

async function openMatrices(folder: string, features: number): Promise<DataSet> {
  const inputs: Float32Array[] = [];
  const targets: number[] = [];
  for (const name of MATRICES) {
    const path = join(folder, `${name}.mat`);
    const file = await readFile(path).catch((cause: unknown) => {
      throw new UserError("data-missing", `there is no file ${name}.mat in ${folder}`, { cause });
    });
    try {
      const { rows, columns, values } = readMatrix(file, name);
      if (columns !== features + 1) throw new RowFault(`it has ${columns} columns, not ${features + 1}`);
      for (let row = 0; row < rows; row++) {
        const all = Float32Array.from({ length: columns }, (_, column) => values[column * rows + row] ?? Number.NaN);
        const wrong = all.findIndex((value) => !Number.isFinite(value));
        if (wrong >= 0) throw new RowFault(`row ${row + 1}: column ${wrong + 1} is not a number`);
        inputs.push(all.subarray(0, features));
        targets.push(classOf(all[features] ?? Number.NaN, `row ${row + 1}: `));
      }
    } catch (error) {
      if (!(error instanceof RowFault)) throw error;
      throw new UserError("data-malformed", `${path}: ${error.message}`, { cause: error });
    }
  }
  const all: Samples = {
    shape: [features],
    inputs: new Float32Array(inputs.length * features),
    scale: 1,
    targets: Uint8Array.from(targets),
  };
  for (const [row, own] of inputs.entries()) all.inputs.set(own, row * features);
  return {
    targets: all.targets,
    read: async (wanted) => pick(all, wanted),
    write: async (shards) => {
      for (const shard of shards) {
        const rows = Array.from(shard.numbers, (row) => `${inputs[row]?.join() ?? ""},${targets[row] ?? ""}\n`);
        await writeFile(join(shard.folder, TABLE), rows.join(""), { flag: "wx" });
      }
    },
  };
}
