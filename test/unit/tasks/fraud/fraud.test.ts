import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import { expect } from "chai";

import { CATEGORIES, FEATURES } from "../../../../src/tasks/fraud/columns.ts";
import { cardTransactions } from "../../../../src/tasks/fraud/transactions.ts";
import { loadShard } from "../../../../src/tasks/shard.ts";
import { folderOf, userErrorOf } from "../folder.ts";
import { generateFraud, identityHeader, transactionHeader } from "../generated-tables.ts";

const all = (count: number) => Uint32Array.from({ length: count }, (_, number) => number);
const amountAt = 0;
/** The first input of train_identity.csv. */
const identityAt = 391;

async function read(files: Record<string, string>, wanted: Uint32Array) {
  await using folder = await folderOf(files);
  const set = await cardTransactions.open({}, folder.path, "train");
  await set.check?.();
  return { targets: set.targets, samples: await set.read(wanted) };
}

describe("the transactions of fraud", () => {
  const files = generateFraud(40);
  const cellsOf = (name: keyof typeof files, row: number) => files[name].split("\n")[row + 1]!.split(",");

  it("have 431 inputs, as the original's, and neither id, label nor time is among them", async () => {
    expect([transactionHeader.length, identityHeader.length]).to.deep.equal([394, 41]);
    expect(FEATURES).to.equal(431);
    expect(CATEGORIES.size).to.equal(49);
    const before = await read(files, all(40));
    // Of what would tell the label, nothing may be seen.
    const changed = files["train_transaction.csv"].replaceAll(
      /^(\d+),([01]),(\d+),/gm,
      (_, id: string, label: string, time: string) => `${id},${label === "0" ? "1" : "0"},${time}9,`,
    );
    const after = await read({ ...files, "train_transaction.csv": changed }, all(40));
    expect(after.samples.inputs).to.deep.equal(before.samples.inputs);
    expect([...after.targets]).to.deep.equal([...before.targets].map((target) => 1 - target));
  });

  it("are joined with their identities, wherever those stand", async () => {
    const { samples } = await read(files, Uint32Array.of(2, 1));
    const amount = Number(cellsOf("train_transaction.csv", 2)[3]);
    expect(samples.inputs[amountAt]).to.be.closeTo(Math.log1p(amount), 1e-6);
    const own = cellsOf("train_identity.csv", 1);
    expect(own[0]).to.equal(cellsOf("train_transaction.csv", 2)[0]);
    const known = own[1] === "" ? NaN : -Math.log1p(-Number(own[1]));
    expect(samples.inputs[identityAt]).to.satisfy((value: number) =>
      Number.isNaN(known) ? Number.isNaN(value) : Math.abs(value - known) < 1e-6,
    );
    // The other has none.
    expect(samples.inputs.subarray(FEATURES + identityAt, FEATURES + identityAt + 11)).to.satisfy(
      (values: Float32Array) => values.every(Number.isNaN),
    );
    const [header, ...rows] = files["train_identity.csv"].trim().split("\n");
    const turned = { ...files, "train_identity.csv": [header, ...rows.reverse()].join("\n") };
    expect((await read(turned, Uint32Array.of(2, 1))).samples).to.deep.equal(samples);
  });

  it("have categories that every learner encodes alike, whichever samples it has", async () => {
    const at = [...CATEGORIES][0]!;
    const { samples } = await read(files, all(40));
    const values = new Set(Array.from(samples.inputs).filter((_, place) => place % FEATURES === at));
    expect(values.size).to.equal(1);
    for (const value of values) expect(value).to.be.within(-1, 1);
    const one = await read(files, Uint32Array.of(7));
    expect([...one.samples.inputs]).to.deep.equal([...samples.inputs.subarray(7 * FEATURES, 8 * FEATURES)]);
  });

  it("are standardised by the train split, but for categories, and nothing is missing then", async () => {
    await using folder = await folderOf(files);
    const options = { dataDir: folder.path, index: 0, learners: 1, split: "iid", seed: 1, trainRatio: 0.6 } as const;
    const { train, vote } = await loadShard(cardTransactions, {}, options);
    const amounts = Array.from(train.inputs).filter((_, place) => place % FEATURES === amountAt);
    expect(amounts.reduce((sum, value) => sum + value, 0)).to.be.closeTo(0, 1e-4);
    expect(vote.inputs.every(Number.isFinite)).to.be.true;
  });

  it("are written to folders that hold the same samples", async () => {
    await using folder = await folderOf(files);
    const set = await cardTransactions.open({}, folder.path, "train");
    const shards = [Uint32Array.of(0, 5, 39), Uint32Array.of(2, 3)].map((numbers, index) => ({
      ...{ numbers, folder: join(folder.path, String(index)) },
    }));
    for (const shard of shards) await mkdir(shard.folder);
    await set.write?.(shards);
    for (const shard of shards) {
      const written = await cardTransactions.open({}, shard.folder, "train");
      expect(await written.read(all(shard.numbers.length))).to.deep.equal(await set.read(shard.numbers));
    }
  });

  it("are refused by file and row", async () => {
    for (const [name, from, to, what] of [
      ["train_transaction.csv", "isFraud", "fraud", "row 1 of .*train_transaction.csv: there is no column isFraud"],
      ["train_transaction.csv", /^2987001,[01],/m, "2987001,2,", 'row 3 of .*: column isFraud is "2", not 0 or 1'],
      ["train_transaction.csv", /,\d+\.0,W,/, ",much,W,", 'row 2 of .*: column TransactionAmt is "much", not a number'],
      ["train_identity.csv", "id_05", "id_5", "row 1 of .*train_identity.csv: there is no column id_05"],
      ["train_identity.csv", /^2987002,.*$/m, "2987002,1", "row 3 of .*: it has 2 columns, not 41"],
    ] as const) {
      const { code, message } = await userErrorOf(read({ ...files, [name]: files[name].replace(from, to) }, all(40)));
      expect(code).to.equal("data-malformed");
      expect(message).to.match(new RegExp(what));
    }
    await using folder = await folderOf({ "train_transaction.csv": files["train_transaction.csv"] });
    const missing = await userErrorOf(cardTransactions.open({}, folder.path, "train"));
    expect(missing.message).to.equal(`there is no file train_identity.csv in ${folder.path}`);
  });
});
