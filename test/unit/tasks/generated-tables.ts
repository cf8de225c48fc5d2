/** Small tables in the true formats of the sets that are in no package. Every number in them is generated. */
import { randomFrom } from "../../../src/learning/random.ts";

const numbered = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, place) => `${prefix}${place + 1}`);

/** The header of train_transaction.csv, 394 columns, and of train_identity.csv, 41. */
export const transactionHeader = [
  ...["TransactionID", "isFraud", "TransactionDT", "TransactionAmt", "ProductCD", ...numbered("card", 6)],
  ...["addr1", "addr2", "dist1", "dist2", "P_emaildomain", "R_emaildomain"],
  ...[...numbered("C", 14), ...numbered("D", 15), ...numbered("M", 9), ...numbered("V", 339)],
];
export const identityHeader = [
  "TransactionID",
  ...Array.from({ length: 38 }, (_, place) => `id_${String(place + 1).padStart(2, "0")}`),
  "DeviceType",
  "DeviceInfo",
];

/** Two of five transactions are frauds, of larger amounts; every other one has an identity; cells are missing. */
export function generateFraud(count: number): { "train_transaction.csv": string; "train_identity.csv": string } {
  const random = randomFrom("generated fraud", count);
  const transactions = [transactionHeader];
  const identities = [identityHeader];
  for (let row = 0; row < count; row++) {
    const isFraud = random.below(5) < 2;
    const cells = transactionHeader.map((name) => {
      if (name.startsWith("M")) return ["T", "F", ""][random.below(3)]!;
      return random.below(3) === 0 ? "" : (random.below(1000) / 10).toFixed(1);
    });
    const amount = (isFraud ? 900 : 30) + random.below(100);
    cells.splice(0, 6, String(2987000 + row), isFraud ? "1" : "0", String(86400 + row), `${amount}.0`, "W", "13926");
    cells[transactionHeader.indexOf("P_emaildomain")] = ["gmail.com", "yahoo.com", ""][random.below(3)]!;
    transactions.push(cells);
    if (row % 2 === 1) continue;
    const own = identityHeader.map((name) => {
      if (/^id_(0|1[01])/.test(name)) return random.below(2) === 0 ? "" : `-${random.below(100)}.0`;
      return ["Found", "NotFound", ""][random.below(3)]!;
    });
    own.splice(0, 1, String(2987000 + row));
    own.splice(-2, 2, "desktop", '"Windows, 10"');
    identities.push(own);
  }
  const text = (rows: readonly string[][]) => rows.map((cells) => `${cells.join()}\n`).join("");
  return { "train_transaction.csv": text(transactions), "train_identity.csv": text(identities) };
}

/** Licence, header and trucks, of which a third fail and count more. */
export function generateScania(count: number): string {
  const random = randomFrom("generated scania", count);
  const names = Array.from({ length: 170 }, (_, place) => `a${String.fromCharCode(97 + (place % 26))}_${place}`);
  const lines = [
    "This file is a generated one, in the format of APS Failure and Operational Data for Scania Trucks.",
    "",
  ];
  lines.push("-".repeat(70), `class,${names.join()}`);
  for (let row = 0; row < count; row++) {
    const fails = row % 3 === 0;
    const counts = names.map(() => (random.below(9) === 0 ? "na" : String(random.below(1000) + (fails ? 2000 : 0))));
    lines.push(`${fails ? "pos" : "neg"},${counts.join()}`);
  }
  return `${lines.join("\n")}\n`;
}

/** Features with a class at the end, whose mean follows it. */
export function generateCovid(count: number, features = 252): string {
  const random = randomFrom("generated covid", count);
  const lines = Array.from({ length: count }, (_, row) => {
    const label = row % 3;
    return [...Array.from({ length: features }, () => (random.next() + label).toFixed(4)), label].join();
  });
  return `${lines.join("\n")}\n`;
}

/** 13 columns and a value that follows two of them, as houses and their prices. */
export function generateValues(count: number): string {
  const random = randomFrom("generated values", count);
  const lines = [[...numbered("x", 13), "value"].join()];
  for (let row = 0; row < count; row++) {
    const cells = Array.from({ length: 13 }, () => random.next() * 10);
    lines.push([...cells, 3 * cells[0]! + (cells[5]! > 5 ? 10 : 0)].map((cell) => cell.toFixed(3)).join());
  }
  return `${lines.join("\n")}\n`;
}
