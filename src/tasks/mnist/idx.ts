/**
 * IDX files, the format MNIST comes in (http://yann.lecun.com/exdb/mnist/): two zero bytes, an element type, the number
 * of dimensions, each dimension as a big-endian 32-bit number, then the elements row-major. Unsigned bytes only; files
 * may be gzip'ed. Read as a stream, so that a shard costs the memory of a shard and not of the file.
 */
import { UserError } from "../../errors.ts";
import { openUnpacked } from "../files.ts";

const UNSIGNED_BYTE = 0x08;
/** Far above any file meant here; below it a header cannot make the reader take much memory. */
const MAX_EXTENT = 1 << 24;

export interface IdxRows {
  /** All dimensions of the file; the first counts its rows. */
  readonly shape: readonly number[];
  /** The rows asked for, in the order asked for. */
  readonly rows: Uint8Array;
}

/**
 * Reads rows (one label, one image) of an IDX file of unsigned bytes.
 * @param dimensions how many the file must have: 1 for labels, 3 for images
 * @param wanted numbers of the rows, each at most once; all of them if left out
 * @throws UserError `idx-unreadable`, or `idx-malformed` when the file is not exactly what its header says, or has no such row
 */
export async function readIdx(path: string, dimensions: number, wanted?: Uint32Array): Promise<IdxRows> {
  const malformed = (what: string, cause?: unknown): UserError =>
    new UserError("idx-malformed", `${path} is not a whole IDX file: ${what}`, { cause, remedy: "download it again" });
  const headerSize = 4 + 4 * dimensions;
  let header = Buffer.alloc(0);
  let reader: RowReader | undefined;
  try {
    for await (const part of openUnpacked(path)) {
      let chunk = part as Buffer;
      if (reader === undefined) {
        header = Buffer.concat([header, chunk]);
        if (header.length < headerSize) continue;
        reader = new RowReader(shapeOf(header, dimensions, malformed), wanted, malformed);
        chunk = header.subarray(headerSize);
      }
      reader.take(chunk);
    }
  } catch (error) {
    if (error instanceof UserError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code?.startsWith("Z_")) throw malformed(message, error);
    throw new UserError("idx-unreadable", `${path} cannot be read: ${message}`, { cause: error });
  }
  if (reader === undefined) throw malformed(`it ends after ${header.length} bytes`);
  return reader.finish();
}

/** An IDX file of unsigned bytes. */
export function encodeIdx(shape: readonly number[], elements: Uint8Array): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header[2] = UNSIGNED_BYTE;
  header[3] = shape.length;
  for (const [dimension, extent] of shape.entries()) header.writeUInt32BE(extent, 4 + 4 * dimension);
  return Buffer.concat([header, elements]);
}

function shapeOf(header: Buffer, dimensions: number, malformed: (what: string) => UserError): number[] {
  if (header.readUInt16BE(0) !== 0) throw malformed("it does not start with two zero bytes");
  if (header[2] !== UNSIGNED_BYTE) throw malformed(`its elements are of type ${header[2]}, not unsigned bytes (8)`);
  if (header[3] !== dimensions) throw malformed(`it has ${header[3]} dimensions, not ${dimensions}`);
  const shape = Array.from({ length: dimensions }, (_, dimension) => header.readUInt32BE(4 + 4 * dimension));
  if (shape.some((extent) => extent > MAX_EXTENT)) throw malformed(`its dimensions are ${shape.join(" × ")}`);
  return shape;
}

/** Picks the wanted rows out of a file's elements as they come by. */
class RowReader {
  readonly #shape: readonly number[];
  readonly #rowSize: number;
  readonly #size: number;
  readonly #malformed: (what: string) => UserError;
  readonly #rows: Uint8Array;
  /** The wanted rows by their numbers, ascending, and the place of each in the result. */
  readonly #numbers: Uint32Array;
  readonly #places: Uint32Array;
  #next = 0;
  #position = 0;

  constructor(shape: readonly number[], wanted: Uint32Array | undefined, malformed: (what: string) => UserError) {
    const [count = 0, ...rowShape] = shape;
    this.#shape = shape;
    this.#rowSize = rowShape.reduce((product, extent) => product * extent, 1);
    this.#size = count * this.#rowSize;
    this.#malformed = malformed;
    const numbers = wanted ?? Uint32Array.from({ length: count }, (_, row) => row);
    const places = Uint32Array.from(numbers.keys()).sort((a, b) => (numbers[a] ?? 0) - (numbers[b] ?? 0));
    this.#places = places;
    this.#numbers = Uint32Array.from(places, (place) => numbers[place] ?? 0);
    const last = this.#numbers.at(-1);
    if (last !== undefined && last >= count) throw malformed(`it has ${count} rows, and row ${last} is needed`);
    this.#rows = new Uint8Array(numbers.length * this.#rowSize);
  }

  take(chunk: Uint8Array): void {
    const start = this.#position;
    const end = start + chunk.length;
    if (end > this.#size) throw this.#malformed(`it is longer than the ${this.#size} elements of its header`);
    while (this.#next < this.#numbers.length) {
      const row = (this.#numbers[this.#next] ?? 0) * this.#rowSize;
      if (row >= end) break;
      const from = Math.max(row, start);
      const to = Math.min(row + this.#rowSize, end);
      const place = (this.#places[this.#next] ?? 0) * this.#rowSize;
      this.#rows.set(chunk.subarray(from - start, to - start), place + from - row);
      // The rest of this row is in the next chunk.
      if (to < row + this.#rowSize) break;
      this.#next++;
    }
    this.#position = end;
  }

  finish(): IdxRows {
    if (this.#position !== this.#size) {
      throw this.#malformed(`it has ${this.#position} elements instead of the ${this.#size} of its header`);
    }
    return { shape: this.#shape, rows: this.#rows };
  }
}
