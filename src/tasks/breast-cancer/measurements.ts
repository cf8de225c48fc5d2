/** Measurements of tumours: those of a folder, or those that come with the program. */
import { fileURLToPath } from "node:url";

import { z } from "zod";

import { defineDataLoader } from "../data-loader.ts";
import { findTable, RowFault } from "../table/csv.ts";
import { numberIn, openTable, requireWidth, type SampleReader, type TableFormat } from "../table/table.ts";

/** Of ten measurements of nuclei the mean, the standard error and the worst. */
export const FEATURES = 30;
/** UCI's name, scikit-learn's name, and that of Kaggle's copy. */
const FILES = ["wdbc.data", "breast_cancer.csv", "data.csv"];

/**
 * Mean and deviation of each measurement over the 569 public samples, by which all learners scale: a scale of one's own
 * would be off by a tenth where a learner has a hundred samples. Printed by any statistics of the public file.
 */
const MEANS = [
  14.1, 19.3, 92, 655, 0.0964, 0.104, 0.0888, 0.0489, 0.181, 0.0628, 0.405, 1.22, 2.87, 40.3, 0.00704, 0.0255, 0.0319,
  0.0118, 0.0205, 0.00379, 16.3, 25.7, 107, 881, 0.132, 0.254, 0.272, 0.115, 0.29, 0.0839,
];
const DEVIATIONS = [
  3.52, 4.3, 24.3, 352, 0.0141, 0.0528, 0.0796, 0.0388, 0.0274, 0.00705, 0.277, 0.551, 2.02, 45.5, 0.003, 0.0179,
  0.0302, 0.00616, 0.00826, 0.00264, 4.83, 6.14, 33.6, 569, 0.0228, 0.157, 0.208, 0.0657, 0.0618, 0.018,
];

/** The diagnosis of wdbc.data and its copies: the target is 1 for malignant. */
const DIAGNOSES = ["B", "M"];

/** UCI's rows: an id, the diagnosis, the measurements; Kaggle's copy has names of columns, and a comma at the row's end. */
const readDiagnosed: SampleReader = (cells, inputs) => {
  const isKaggles = cells.length === FEATURES + 3 && cells.at(-1)?.trim() === "";
  requireWidth(isKaggles ? cells.slice(0, -1) : cells, FEATURES + 2);
  const target = DIAGNOSES.indexOf(cells[1]?.trim() ?? "");
  if (target < 0) throw new RowFault(`the diagnosis is ${JSON.stringify(cells[1])}, not M or B`);
  measure(cells, 2, inputs);
  return target;
};

/** scikit-learn's rows: the measurements, and the class with this number: its file tells the names of 0 and 1 first. */
function readNumbered(malignant: string): SampleReader {
  return (cells, inputs) => {
    requireWidth(cells, FEATURES + 1);
    const label = cells[FEATURES]?.trim() ?? "";
    if (label !== "0" && label !== "1") throw new RowFault(`the class is ${JSON.stringify(label)}, not 0 or 1`);
    measure(cells, 0, inputs);
    return label === malignant ? 1 : 0;
  };
}

function measure(cells: readonly string[], first: number, inputs: Float32Array): void {
  for (let feature = 0; feature < FEATURES; feature++) {
    const value = numberIn(cells, first + feature, String(first + feature + 1));
    inputs[feature] = (value - (MEANS[feature] ?? 0)) / (DEVIATIONS[feature] ?? 1);
  }
}

const format: TableFormat = {
  features: FEATURES,
  classes: true,
  begin: (cells) => {
    const malignant = cells.slice(2).findIndex((name) => name.trim() === "malignant");
    if (cells[1]?.trim() === String(FEATURES) && malignant >= 0) {
      return { read: readNumbered(String(malignant)), from: "next" };
    }
    return { read: readDiagnosed, from: cells[0]?.trim() === "id" ? "next" : "this" };
  },
};

export const tumourMeasurements = defineDataLoader({
  name: "breast-cancer",
  description:
    "30 measurements of a tumour's cells and its diagnosis: a folder's wdbc.data (UCI), breast_cancer.csv " +
    "(scikit-learn) or data.csv (Kaggle), or as they come with the program",
  params: z.object({}),
  packaged: true,
  source: {
    files: [
      {
        name: "wdbc.data",
        url: "https://archive.ics.uci.edu/ml/machine-learning-databases/breast-cancer-wisconsin/wdbc.data",
        sha256: "d606af411f3e5be8a317a5a8b652b425aaf0ff38ca683d5327ffff94c3695f4a",
        bytes: 124_103,
      },
    ],
    byHand:
      "download wdbc.data from https://archive.ics.uci.edu/dataset/17, or leave --data-dir out: the data are installed",
  },
  sample: () => ({ shape: [FEATURES], classes: 2 }),
  open: async (_params, folder) => openTable(folder === undefined ? PACKAGED : await find(folder), format),
});

/** At the same depth beside the sources and beside what is compiled. */
const PACKAGED = fileURLToPath(new URL("../../../data/breast-cancer/breast_cancer.csv.gz", import.meta.url));

function find(folder: string): Promise<string> {
  return findTable(folder, FILES, "name a folder with the file of UCI, or none to use the data that are installed");
}
