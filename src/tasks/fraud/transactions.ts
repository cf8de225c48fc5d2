/** Card transactions of the IEEE-CIS set: two tables of a gigabyte, joined as they stream by. */
import { join } from "node:path";

import { z } from "zod";

import { UserError } from "../../errors.ts";
import type { Samples } from "../../learning/samples.ts";
import { type DataSource, defineDataLoader, requireFolder, type ShardFolder } from "../data-loader.ts";
import { atRow, dealRows, findTable, readRows, RowFault } from "../table/csv.ts";
import { standardisation } from "../table/standardise.ts";
import { requireWidth } from "../table/table.ts";
import { CATEGORIES, type Columns, FEATURES, identitiesBy, transactionsBy, withoutIdentity } from "./columns.ts";

const TRANSACTIONS = "train_transaction.csv";
const IDENTITIES = "train_identity.csv";

const source: DataSource = {
  files: [],
  byHand:
    "download train_transaction.csv and train_identity.csv from https://www.kaggle.com/c/ieee-fraud-detection (needs an account)",
};

interface Tables {
  readonly transactions: string;
  readonly identities: string;
}

export const cardTransactions = defineDataLoader({
  name: "fraud",
  description: `card transactions of the IEEE-CIS set: a folder's ${TRANSACTIONS} and ${IDENTITIES}`,
  params: z.object({}),
  source,
  sample: () => ({ shape: [FEATURES], classes: 2 }),
  fit: (_params, train) => standardisation(train, CATEGORIES),
  open: async (_params, given) => {
    const folder = requireFolder(given, source);
    const tables: Tables = {
      transactions: await findTable(folder, [TRANSACTIONS], source.byHand),
      identities: await findTable(folder, [IDENTITIES], source.byHand),
    };
    const targets = await readLabels(tables.transactions);
    return {
      targets,
      read: (numbers) => readTransactions(tables, targets, numbers),
      write: (shards) => writeShards(tables, targets.length, shards),
      check: async () => {
        const scratch = new Float32Array(FEATURES);
        await walk(tables.transactions, transactionsBy, (columns, cells) => columns.encode(cells, scratch));
        await walk(tables.identities, identitiesBy, (columns, cells) => columns.encode(cells, scratch));
      },
    };
  },
});

/** Goes through a table's rows below its header. @throws UserError naming file and row */
async function walk(
  path: string,
  columnsBy: (header: readonly string[]) => Columns,
  visit: (columns: Columns, cells: readonly string[]) => void,
): Promise<void> {
  let columns: Columns | undefined;
  for await (const rows of readRows(path)) {
    for (const { number, cells } of rows) {
      try {
        if (columns === undefined) columns = columnsBy(cells);
        else {
          requireWidth(cells, columns.width);
          visit(columns, cells);
        }
      } catch (error) {
        throw atRow(path, number, error);
      }
    }
  }
}

async function readLabels(path: string): Promise<Uint8Array> {
  const labels: number[] = [];
  await walk(path, transactionsBy, ({ label }, cells) => {
    const text = cells[label]?.trim() ?? "";
    if (text !== "0" && text !== "1") throw new RowFault(`column isFraud is ${JSON.stringify(text)}, not 0 or 1`);
    labels.push(Number(text));
  });
  if (labels.length === 0) throw new UserError("data-malformed", `there are no transactions in ${path}`);
  return Uint8Array.from(labels);
}

/** Which place of the result, or which owner, each transaction has; -1 for none. */
function placesOf(count: number, numbers: readonly Uint32Array[], placeOf: (list: number, at: number) => number) {
  const places = new Int32Array(count).fill(-1);
  for (const [list, own] of numbers.entries()) {
    for (const [at, number] of own.entries()) places[number] = placeOf(list, at);
  }
  return places;
}

async function readTransactions({ transactions, identities }: Tables, targets: Uint8Array, wanted: Uint32Array) {
  const inputs = new Float32Array(wanted.length * FEATURES);
  const places = placesOf(targets.length, [wanted], (_list, at) => at);
  const own = (place: number) => inputs.subarray(place * FEATURES, (place + 1) * FEATURES);
  const placeOf = new Map<string, number>();
  let number = 0;
  await walk(transactions, transactionsBy, (columns, cells) => {
    const place = places[number++] ?? -1;
    if (place < 0) return;
    columns.encode(cells, own(place));
    withoutIdentity(own(place));
    placeOf.set(cells[columns.id]?.trim() ?? "", place);
  });
  await walk(identities, identitiesBy, (columns, cells) => {
    const place = placeOf.get(cells[columns.id]?.trim() ?? "");
    if (place !== undefined) columns.encode(cells, own(place));
  });
  const samples: Samples = {
    shape: [FEATURES],
    inputs,
    scale: 1,
    targets: Uint8Array.from(wanted, (transaction) => targets[transaction] ?? 0),
  };
  return samples;
}

async function writeShards(tables: Tables, count: number, shards: readonly ShardFolder[]): Promise<void> {
  const owners = placesOf(
    count,
    shards.map(({ numbers }) => numbers),
    (list) => list,
  );
  const ownerOf = new Map<string, number>();
  const files = (name: string) => shards.map(({ folder }) => join(folder, name));
  let columns: Columns | undefined;
  let number = 0;
  await dealRows(tables.transactions, files(TRANSACTIONS), ({ cells }) => {
    if (columns === undefined) {
      columns = transactionsBy(cells);
      return "everyone";
    }
    const owner = owners[number++] ?? -1;
    if (owner < 0) return undefined;
    ownerOf.set(cells[columns.id]?.trim() ?? "", owner);
    return owner;
  });
  let identityColumns: Columns | undefined;
  await dealRows(tables.identities, files(IDENTITIES), ({ cells }) => {
    if (identityColumns !== undefined) return ownerOf.get(cells[identityColumns.id]?.trim() ?? "");
    identityColumns = identitiesBy(cells);
    return "everyone";
  });
}
