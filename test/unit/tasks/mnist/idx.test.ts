import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { expect } from "chai";

import { UserError } from "../../../../src/errors.ts";
import { readIdx } from "../../../../src/tasks/mnist/idx.ts";

/** An IDX file of unsigned bytes with elements 0, 1, 2 … modulo 251. */
export function idxFile(shape: readonly number[]): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header[2] = 8;
  header[3] = shape.length;
  for (const [dimension, extent] of shape.entries()) header.writeUInt32BE(extent, 4 + 4 * dimension);
  const size = shape.reduce((product, extent) => product * extent, 1);
  return Buffer.concat([header, Uint8Array.from({ length: size }, (_, index) => index % 251)]);
}

describe("reading IDX files", () => {
  let folder: string;
  before(async () => (folder = await mkdtemp(join(tmpdir(), "idx-"))));
  after(() => rm(folder, { recursive: true }));

  const file = async (bytes: Uint8Array, name = "file"): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, bytes);
    return path;
  };

  it("gives all rows and the shape", async () => {
    const { shape, rows } = await readIdx(await file(idxFile([2, 2, 3])), 3);
    expect(shape).to.deep.equal([2, 2, 3]);
    expect([...rows]).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  });

  it("gives the rows asked for, in the order asked for", async () => {
    const { rows } = await readIdx(await file(idxFile([4, 1, 2])), 3, Uint32Array.of(3, 0, 2));
    expect([...rows]).to.deep.equal([6, 7, 0, 1, 4, 5]);
  });

  it("puts rows together that lie across the parts in which a file is read", async () => {
    // 3 MB in parts of 1 MiB; a row of 777 bytes never ends where a part does.
    const bytes = idxFile([4000, 7, 111]);
    const wanted = Uint32Array.from({ length: 4000 }, (_, row) => 3999 - row);
    const { rows } = await readIdx(await file(bytes), 3, wanted);
    for (const row of wanted) {
      const place = (3999 - row) * 777;
      expect(
        Buffer.compare(rows.subarray(place, place + 777), bytes.subarray(16 + row * 777, 16 + (row + 1) * 777)),
      ).to.equal(0);
    }
  });

  it("reads gzip'ed files", async () => {
    const { rows } = await readIdx(await file(gzipSync(idxFile([5])), "file.gz"), 1, Uint32Array.of(4));
    expect([...rows]).to.deep.equal([4]);
  });

  const whole = idxFile([3, 2, 2]);
  const changed = (place: number, value: number): Buffer => {
    const bytes = Buffer.from(whole);
    bytes[place] = value;
    return bytes;
  };
  for (const { title, bytes, says, name = "file", wanted } of [
    { title: "an empty file", bytes: Buffer.alloc(0), says: "ends after 0 bytes" },
    { title: "a header that breaks off", bytes: whole.subarray(0, 15), says: "ends after 15 bytes" },
    { title: "a wrong magic number", bytes: changed(0, 1), says: "two zero bytes" },
    { title: "other elements than bytes", bytes: changed(2, 0x0d), says: "type 13" },
    { title: "another number of dimensions", bytes: changed(3, 1), says: "1 dimensions, not 3" },
    { title: "dimensions that would take all memory", bytes: changed(4, 0xff), says: "dimensions are" },
    { title: "a byte too few", bytes: whole.subarray(0, -1), says: "11 elements instead of the 12" },
    { title: "a byte too many", bytes: Buffer.concat([whole, Buffer.alloc(1)]), says: "longer than the 12" },
    { title: "a row that is not there", bytes: whole, says: "row 3 is needed", wanted: Uint32Array.of(0, 3) },
    {
      title: "gzip that breaks off",
      bytes: gzipSync(whole).subarray(0, -9),
      says: "unexpected end",
      name: "broken.gz",
    },
    { title: "gzip that is none", bytes: whole, says: "incorrect header", name: "plain.gz" },
  ]) {
    it(`refuses ${title}, naming the file`, async () => {
      const path = await file(bytes, name);
      const error: unknown = await readIdx(path, 3, wanted).catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(UserError).with.property("code", "idx-malformed");
      expect(error).to.have.property("message").that.contains(path).and.contains(says);
    });
  }

  for (const name of ["missing", "missing.gz"]) {
    it(`refuses a file that is not there: ${name}`, async () => {
      const error: unknown = await readIdx(join(folder, name), 1).catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(UserError).with.property("code", "idx-unreadable");
      expect(error).to.have.property("message").that.contains(name);
    });
  }
});
