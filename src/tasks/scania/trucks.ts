/** Trucks of Scania's by what their sensors counted: those whose air pressure system failed, and others. */
import { z } from "zod";

import { type DataSource, defineDataLoader, requireFolder } from "../data-loader.ts";
import { findTable, RowFault } from "../table/csv.ts";
import { standardisation } from "../table/standardise.ts";
import { numberIn, openTable, requireWidth, type TableFormat } from "../table/table.ts";

export const FEATURES = 170;
const FILES = { train: "aps_failure_training_set.csv", test: "aps_failure_test_set.csv" } as const;
/** The target is 1 where the air pressure system failed. */
const CLASSES = ["neg", "pos"];
const MISSING = "na";

const source: DataSource = {
  files: [],
  byHand: "download the set from https://archive.ics.uci.edu/dataset/421 and unzip it",
};

const format: TableFormat = {
  features: FEATURES,
  classes: true,
  // Twenty lines of licence come first.
  begin: (names) => {
    if (names[0]?.trim() !== "class") return undefined;
    requireWidth(names, FEATURES + 1);
    return {
      from: "next",
      read: (cells, inputs) => {
        requireWidth(cells, FEATURES + 1);
        const target = CLASSES.indexOf(cells[0]?.trim() ?? "");
        if (target < 0) throw new RowFault(`the class is ${JSON.stringify(cells[0])}, not neg or pos`);
        for (let feature = 0; feature < FEATURES; feature++) {
          inputs[feature] = numberIn(cells, feature + 1, names[feature + 1] ?? "", MISSING);
        }
        return target;
      },
    };
  },
};

export const scaniaTrucks = defineDataLoader({
  name: "scania",
  description: `UCI's APS failures at Scania trucks: a folder's ${FILES.train}, and for a test folder ${FILES.test}`,
  params: z.object({}),
  source,
  sample: () => ({ shape: [FEATURES], classes: CLASSES.length }),
  fit: (_params, train) => standardisation(train),
  open: async (_params, folder, part) =>
    openTable(await findTable(requireFolder(folder, source), [FILES[part]], source.byHand), format),
});
