import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { expect } from "chai";
import fc from "fast-check";
import Papa from "papaparse";

import { dealRows, findTable, readRows, type Row } from "../../../../src/tasks/table/csv.ts";
import { folderOf, userErrorOf } from "../folder.ts";

async function rowsOf(content: string | Uint8Array, name = "table.csv"): Promise<Row[]> {
  await using folder = await folderOf({ [name]: content });
  const all: Row[] = [];
  for await (const rows of readRows(join(folder.path, name))) all.push(...rows);
  return all;
}

const cellsOf = async (content: string | Uint8Array, name?: string) =>
  (await rowsOf(content, name)).map(({ cells }) => cells);

describe("reading a CSV file", () => {
  it("gives rows with their numbers, and leaves empty ones out", async () => {
    expect(await rowsOf("a,b\n\n1,2\n \n3,4")).to.deep.equal([
      { number: 1, cells: ["a", "b"] },
      { number: 3, cells: ["1", "2"] },
      { number: 5, cells: ["3", "4"] },
    ]);
  });

  it("reads lines that end as on Windows, a byte order mark, quotes, and the last line without an end", async () => {
    const rows = [
      ["a", "b"],
      ["1", "x, y"],
      ["2", 'say "z"'],
    ];
    expect(await cellsOf('\uFEFFa,b\r\n1,"x, y"\r\n2,"say ""z"""\r\n')).to.deep.equal(rows);
    expect(await cellsOf('a,b\n1,"x, y"\n2,"say ""z"""')).to.deep.equal(rows);
  });

  it("reads what was compressed", async () => {
    expect(await cellsOf(gzipSync("1,2\n"), "table.csv.gz")).to.deep.equal([["1", "2"]]);
  });

  it("reads any cells, wherever its blocks end", async () => {
    const cell = fc.string({ minLength: 1, unit: fc.constantFrom("a", "é", ",", '"', "\n", "1") });
    const rows = fc.array(fc.array(cell, { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(rows, async (wanted) => {
        expect(await cellsOf(Papa.unparse(wanted, { newline: "\n" }))).to.deep.equal(wanted);
      }),
      { numRuns: 50 },
    );
    const many = Array.from({ length: 60_000 }, (_, row) => [String(row), "é".repeat(20), row % 7 === 0 ? "a,b" : ""]);
    expect(await cellsOf(Papa.unparse(many, { newline: "\n" }))).to.deep.equal(many);
  }).timeout(20_000);

  it("names file and row where a quote is not closed", async () => {
    const { code, message } = await userErrorOf(rowsOf('1,2\n3,"4\n'));
    expect(code).to.equal("data-malformed");
    expect(message).to.match(/^row 2 of .*table\.csv: Quoted field unterminated$/);
  });

  it("gives up a row that does not end before it is the rest of a large file", async () => {
    // A few kilobytes that unpack to a hundred megabytes.
    const bomb = gzipSync(`a,b\n1,"${"x".repeat(100 << 20)}`);
    const { message } = await userErrorOf(rowsOf(bomb, "table.csv.gz"));
    expect(message).to.match(/^row 2 of .*it does not end/);
  });

  it("says that a compressed file breaks off, and that there is no file", async () => {
    const broken = await userErrorOf(rowsOf(gzipSync("1,2\n".repeat(1000)).subarray(0, 30), "table.csv.gz"));
    expect(broken).to.have.property("code", "data-malformed");
    expect(broken.message).to.match(/table\.csv\.gz is not a whole gzip file/);
    await using folder = await folderOf();
    const missing = await userErrorOf(findTable(folder.path, ["a.csv", "b.csv"], "look again"));
    expect(missing.message).to.equal(`there is no file a.csv or b.csv in ${folder.path}`);
  });
});

describe("dealing a CSV file's rows", () => {
  it("gives each its rows, in the file's order, and everyone the header", async () => {
    await using folder = await folderOf({ "all.csv": 'n,name\n0,"a, b"\n1,c\n2,d\n3,e\n' });
    const [one, two] = [join(folder.path, "one.csv"), join(folder.path, "two.csv")];
    await dealRows(join(folder.path, "all.csv"), [one, two], ({ cells: [n] }) =>
      n === "n" ? "everyone" : n === "3" ? undefined : Number(n) % 2,
    );
    expect(await readFile(one, "utf8")).to.equal('n,name\n0,"a, b"\n2,d\n');
    expect(await readFile(two, "utf8")).to.equal("n,name\n1,c\n");
  });

  it("never writes over a file", async () => {
    await using folder = await folderOf({ "all.csv": "1\n" });
    const target = join(folder.path, "one.csv");
    await writeFile(target, "precious");
    await dealRows(join(folder.path, "all.csv"), [target], () => 0).then(
      () => expect.fail("it did"),
      (error: unknown) => expect(error).to.have.property("code", "EEXIST"),
    );
    expect(await readFile(target, "utf8")).to.equal("precious");
  });
});
