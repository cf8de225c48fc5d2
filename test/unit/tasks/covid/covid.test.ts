import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { expect } from "chai";

import { covidFeatures } from "../../../../src/tasks/covid/features.ts";
import { folderOf, userErrorOf } from "../folder.ts";
import { generateCovid } from "../generated-tables.ts";

const fixture = (name: string) => readFile(new URL(`../../../fixtures/covid/${name}.mat`, import.meta.url));

describe("the features of covid", () => {
  it("are read from a table, with names of columns or without", async () => {
    const text = generateCovid(9, 4);
    await using plain = await folderOf({ "features.csv": text });
    await using named = await folderOf({ "features.csv": `a,b,c,d,label\n${text}` });
    const [one, two] = await Promise.all(
      [plain, named].map(({ path }) => covidFeatures.open({ features: 4 }, path, "train")),
    );
    expect([...one!.targets]).to.deep.equal([0, 1, 2, 0, 1, 2, 0, 1, 2]);
    const wanted = Uint32Array.of(4, 0);
    const samples = await one!.read(wanted);
    expect([...samples.inputs.subarray(0, 4)]).to.deep.equal(
      text.split("\n")[4]!.split(",").slice(0, 4).map(Number).map(Math.fround),
    );
    expect(await two!.read(wanted)).to.deep.equal(samples);
  });

  it("are read from three MATLAB files, which name the row that is wrong", async () => {
    // Both made by scripts/make-mat-fixtures.py.
    const whole = fileURLToPath(new URL("../../../fixtures/covid/whole", import.meta.url));
    const set = await covidFeatures.open({ features: 3 }, whole, "train");
    expect([...set.targets]).to.deep.equal([0, 0, 1, 1, 2, 2]);
    expect([...(await set.read(Uint32Array.of(5, 0))).inputs]).to.deep.equal([1.5, 4, 5, 0.5, 2, 3]);
    await using folder = await folderOf();
    const shard = { folder: folder.path, numbers: Uint32Array.of(0, 5) };
    await set.write?.([shard]);
    const written = await covidFeatures.open({ features: 3 }, folder.path, "train");
    expect(await written.read(Uint32Array.of(0, 1))).to.deep.equal(await set.read(shard.numbers));

    await using wrong = await folderOf({ "covid.mat": await fixture("plain") });
    const error = await userErrorOf(covidFeatures.open({ features: 3 }, wrong.path, "train"));
    expect(error.message).to.match(/covid\.mat: row 1: its class is -0\.25, not 0, 1 or 2$/);
    const width = await userErrorOf(covidFeatures.open({ features: 5 }, wrong.path, "train"));
    expect(width.message).to.match(/covid\.mat: it has 4 columns, not 6$/);
  });

  it("are written to folders that hold the same samples", async () => {
    await using folder = await folderOf({ "features.csv": generateCovid(9, 4) });
    const set = await covidFeatures.open({ features: 4 }, folder.path, "train");
    const shard = { folder: join(folder.path, "0"), numbers: Uint32Array.of(1, 2, 7) };
    await mkdir(shard.folder);
    await set.write?.([shard]);
    const written = await covidFeatures.open({ features: 4 }, shard.folder, "train");
    expect(await written.read(Uint32Array.of(0, 1, 2))).to.deep.equal(await set.read(shard.numbers));
  });

  it("are refused by file and row", async () => {
    await using folder = await folderOf({ "features.csv": "1,2,0\n1,x,0\n" });
    const { message } = await userErrorOf(covidFeatures.open({ features: 2 }, folder.path, "train"));
    expect(message).to.match(/^row 2 of .*features\.csv: column 2 is "x", not a number$/);
    await using other = await folderOf({ "features.csv": "1,2,3\n" });
    expect((await userErrorOf(covidFeatures.open({ features: 2 }, other.path, "train"))).message).to.include(
      "its class is 3, not 0, 1 or 2",
    );
    expect(await userErrorOf(covidFeatures.open({ features: 2 }, undefined, "train"))).to.have.property(
      "code",
      "data-missing",
    );
  });
});
