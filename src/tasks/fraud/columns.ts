/** The columns of the IEEE-CIS fraud set, and how each becomes one number, the same for every learner. */
import { RowFault } from "../table/csv.ts";
import { numberIn } from "../table/table.ts";

export const ID = "TransactionID";
export const LABEL = "isFraud";
/** When a transaction was says nothing of those to come. */
const TIME = "TransactionDT";

const numbered = (prefix: string, first: number, last: number): string[] =>
  Array.from({ length: last - first + 1 }, (_, place) => `${prefix}${first + place}`);
const identity = numbered("id_", 1, 38).map((name) => name.replace(/_(\d)$/, "_0$1"));

const transactionColumns = [
  ...["TransactionAmt", "ProductCD", ...numbered("card", 1, 6), "addr1", "addr2", "dist1", "dist2"],
  ...["P_emaildomain", "R_emaildomain", ...numbered("C", 1, 14), ...numbered("D", 1, 15)],
  ...[...numbered("M", 1, 9), ...numbered("V", 1, 339)],
];
const identityColumns = [...identity, "DeviceType", "DeviceInfo"];

const categories: ReadonlySet<string> = new Set([
  ...["ProductCD", ...numbered("card", 1, 6), "addr1", "addr2", "P_emaildomain", "R_emaildomain"],
  ...[...numbered("M", 1, 9), ...identity.slice(11), "DeviceType", "DeviceInfo"],
]);

const features = [...transactionColumns, ...identityColumns];
export const FEATURES = features.length;
/** Numbers of the inputs that are categories. */
export const CATEGORIES: ReadonlySet<number> = new Set(
  [...features.keys()].filter((feature) => categories.has(features[feature] ?? "")),
);

export interface Columns {
  readonly width: number;
  readonly id: number;
  /** Only where there are labels. */
  readonly label: number;
  /** Writes a row's inputs to their places. @throws RowFault naming the column */
  encode(cells: readonly string[], inputs: Float32Array): void;
}

/** Where things are in train_transaction.csv. @throws RowFault naming a column that is not there */
export function transactionsBy(header: readonly string[]): Columns {
  return columnsBy(header, [ID, LABEL, TIME], transactionColumns, 0);
}

/** Where things are in train_identity.csv. @throws RowFault naming a column that is not there */
export function identitiesBy(header: readonly string[]): Columns {
  return columnsBy(header, [ID], identityColumns, transactionColumns.length);
}

function columnsBy(
  header: readonly string[],
  keys: readonly string[],
  names: readonly string[],
  first: number,
): Columns {
  const places = new Map(header.map((name, place) => [name.trim().replace("-", "_"), place]));
  const placeOf = (name: string): number => {
    const place = places.get(name);
    if (place === undefined) throw new RowFault(`there is no column ${name}`);
    return place;
  };
  for (const key of keys) placeOf(key);
  const encoders = names.map((name, index) => {
    const place = placeOf(name);
    const at = first + index;
    if (!categories.has(name)) {
      return (cells: readonly string[], inputs: Float32Array) => {
        const value = Math.abs(numberIn(cells, place, name, "inf"));
        inputs[at] = Math.sign(Number(cells[place])) * Math.log1p(value);
      };
    }
    return (cells: readonly string[], inputs: Float32Array) => {
      inputs[at] = numberOfCategory(name, cells[place]?.trim() ?? "");
    };
  });
  return {
    width: header.length,
    id: placeOf(ID),
    label: places.get(LABEL) ?? -1,
    encode: (cells, inputs) => {
      for (const encode of encoders) encode(cells, inputs);
    },
  };
}

/** The inputs of a transaction whose identity nobody recorded: numbers that are missing, and categories of nothing. */
export function withoutIdentity(inputs: Float32Array): void {
  for (const [index, name] of identityColumns.entries()) {
    const at = transactionColumns.length + index;
    inputs[at] = categories.has(name) ? numberOfCategory(name, "") : Number.NaN;
  }
}

/** FNV-1a of column and value, mixed as MurmurHash3 ends: from -1 to 1, with no word to other learners. */
function numberOfCategory(column: string, value: string): number {
  let hash = 0x811c9dc5;
  for (const letter of Buffer.from(`${column}=${value}`)) hash = Math.imul(hash ^ letter, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 31 - 1;
}
