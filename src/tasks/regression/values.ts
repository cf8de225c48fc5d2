/** Any table of numbers, of which one column is to be predicted from the others. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";

import { z } from "zod";

import { UserError } from "../../errors.ts";
import { type DataSource, defineDataLoader, requireFolder } from "../data-loader.ts";
import { RowFault } from "../table/csv.ts";
import { numberIn, openTable, requireWidth, type TableFormat } from "../table/table.ts";

const source: DataSource = {
  files: [],
  byHand: "put one CSV file of numbers, with names of columns in its first row, into a folder",
};

export const valueTable = defineDataLoader({
  name: "regression",
  description: "numbers by columns with names: the one CSV file of a folder",
  params: z.object({
    /** How many columns there are besides the one to predict. */
    features: z.int().min(1).max(65_536).default(13),
    /** The name of the column to predict; the last one where it is empty. */
    target: z.string().default(""),
  }),
  source,
  sample: ({ features }) => ({ shape: [features] }),
  open: async ({ features, target }, folder) =>
    openTable(await findOnly(requireFolder(folder, source)), formatOf(features, target)),
});

/** @throws UserError `data-missing` */
async function findOnly(folder: string): Promise<string> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw new UserError("data-missing", `the folder ${folder} cannot be read`, { cause });
  });
  const tables = names.filter((name) => /\.csv(\.gz)?$/i.test(name));
  const [only] = tables;
  if (only !== undefined && tables.length === 1) return join(folder, only);
  const found = only === undefined ? "no CSV files" : `${tables.length} CSV files (${tables.toSorted().join(", ")})`;
  throw new UserError("data-missing", `there are ${found} in ${folder}, not one`, { remedy: source.byHand });
}

function formatOf(features: number, target: string): TableFormat {
  return {
    features,
    classes: false,
    begin: (header) => {
      const names = header.map((name) => name.trim());
      if (names.length !== features + 1) {
        throw new RowFault(`it names ${names.length} columns, and ${features} features and a target are expected`);
      }
      const place = target === "" ? features : names.indexOf(target);
      if (place < 0) throw new RowFault(`there is no column ${target}, only ${names.join(", ")}`);
      const others = [...names.keys()].filter((column) => column !== place);
      return {
        from: "next",
        read: (cells, inputs) => {
          requireWidth(cells, features + 1);
          for (const [feature, column] of others.entries()) {
            inputs[feature] = numberIn(cells, column, names[column] ?? "");
          }
          return numberIn(cells, place, names[place] ?? "");
        },
      };
    },
  };
}
