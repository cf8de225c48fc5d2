/** Generated files in CIFAR-10's true formats, for tests: none of the real images is in them. */
import { gzipSync } from "node:zlib";

/** Records with labels 0, 1 … 9, 0 …; plane c of record n is filled with a number that tells n and c. */
export function generatedBatch(count: number, first = 0): Buffer {
  const records = Array.from({ length: count }, (_, index) => {
    const record = Buffer.alloc(3073);
    const number = first + index;
    record[0] = number % 10;
    for (let channel = 0; channel < 3; channel++)
      record.fill(planeValue(number, channel), 1 + 1024 * channel, 1025 + 1024 * channel);
    // The pixel in row 2, column 5 is another one.
    for (let channel = 0; channel < 3; channel++) record[1 + 1024 * channel + 2 * 32 + 5] = 250 + channel;
    return record;
  });
  return Buffer.concat(records);
}

export function planeValue(number: number, channel: number): number {
  return (3 * number + channel) % 240;
}

/** A .tar.gz of plain files, as `tar` writes it. */
export function generatedArchive(files: Readonly<Record<string, Buffer>>): Buffer {
  const parts = Object.entries(files).flatMap(([name, bytes]) => {
    const header = Buffer.alloc(512);
    header.write(name, 0, "latin1");
    header.write(`${bytes.length.toString(8).padStart(11, "0")}\0`, 124, "latin1");
    header.write("0", 156, "latin1");
    header.write("ustar\x0000", 257, "latin1");
    return [header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)];
  });
  return gzipSync(Buffer.concat([...parts, Buffer.alloc(1024)]), { level: 1 });
}
