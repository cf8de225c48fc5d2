import { readFile } from "node:fs/promises";

import { expect } from "chai";
import fc from "fast-check";

import { readMatrix } from "../../../../src/tasks/covid/mat.ts";
import { RowFault } from "../../../../src/tasks/table/csv.ts";

/** Made by scripts/make-mat-fixtures.py. */
const fixture = (name: string) => readFile(new URL(`../../../fixtures/covid/${name}.mat`, import.meta.url));

/** 3 × 4 numbers from -1 on, by columns. */
const values = Array.from({ length: 12 }, (_, place) => ((place % 3) * 4 + Math.floor(place / 3)) / 4 - 1);

describe("reading a matrix of a MATLAB file", () => {
  for (const name of ["plain", "compressed", "single"]) {
    it(`gives the numbers that scipy wrote: ${name}`, async () => {
      const matrix = readMatrix(await fixture(name), "covid");
      expect([matrix.rows, matrix.columns]).to.deep.equal([3, 4]);
      expect([...matrix.values]).to.deep.equal(values);
    });
  }

  it("gives whole numbers of few bytes, which are packed", async () => {
    const { rows, columns, values: bytes } = readMatrix(await fixture("bytes"), "covid");
    expect({ rows, columns, bytes: [...bytes] }).to.deep.equal({ rows: 2, columns: 2, bytes: [1, 3, 2, 250] });
  });

  for (const [name, what] of [
    ["text", "not a full one of real numbers"],
    ["complex", "not a full one of real numbers"],
    ["cube", "not a full one of real numbers"],
  ] as const) {
    it(`refuses ${name}`, async () => {
      const file = await fixture(name);
      expect(() => readMatrix(file, "covid")).to.throw(RowFault, what);
    });
  }

  it("says which matrices there are, and what is no such file", async () => {
    const file = await fixture("compressed");
    expect(() => readMatrix(file, "normal")).to.throw(RowFault, "it has no matrix normal, only other, covid");
    expect(() => readMatrix(Buffer.from("1,2,3"), "covid")).to.throw(RowFault, "no MATLAB file");
    const newer = Buffer.alloc(600);
    newer.write("MATLAB 7.3 MAT-file, HDF5 schema 1.00");
    expect(() => readMatrix(newer, "covid")).to.throw(RowFault, "save it with -v7");
  });

  it("refuses damaged files, and never does anything else with them", async () => {
    for (const name of ["plain", "compressed", "single"]) {
      const file = await fixture(name);
      expect(() => readMatrix(file.subarray(0, file.length - 9), "covid")).to.throw(RowFault);
      fc.assert(
        fc.property(fc.nat({ max: file.length - 1 }), fc.nat({ max: 255 }), (at, byte) => {
          const damaged = Buffer.from(file);
          damaged[at] = byte;
          try {
            readMatrix(damaged, "covid");
          } catch (error) {
            expect(error).to.be.instanceOf(RowFault);
          }
        }),
        { numRuns: 300 },
      );
    }
  });
});
