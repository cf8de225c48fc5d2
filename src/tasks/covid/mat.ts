/**
 * One numeric matrix of a MATLAB file, level 5 (MathWorks, "MAT-File Format"), compressed or not, as `save` and
 * `scipy.io.savemat` write them. Little-endian, real and full matrices only.
 */
import { inflateSync } from "node:zlib";

import { RowFault } from "../table/csv.ts";

export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  /** Column by column. */
  readonly values: Float64Array;
}

const HEADER_BYTES = 128;
/** No set of features that is meant here is as large, and no header can make the reader take more memory. */
const MAX_BYTES = 1 << 30;
const MATRIX = 14;
const COMPRESSED = 15;
const COMPLEX = 0x08;
/** Classes double to uint32: what is not among them is text, a cell, a structure, sparse, or of 64 bits. */
const NUMERIC_CLASSES = { first: 6, last: 13 };

/** By type: bytes, and how one is read. */
const numbers: Readonly<Record<number, { bytes: number; read: (view: DataView, at: number) => number }>> = {
  1: { bytes: 1, read: (view, at) => view.getInt8(at) },
  2: { bytes: 1, read: (view, at) => view.getUint8(at) },
  3: { bytes: 2, read: (view, at) => view.getInt16(at, true) },
  4: { bytes: 2, read: (view, at) => view.getUint16(at, true) },
  5: { bytes: 4, read: (view, at) => view.getInt32(at, true) },
  6: { bytes: 4, read: (view, at) => view.getUint32(at, true) },
  7: { bytes: 4, read: (view, at) => view.getFloat32(at, true) },
  9: { bytes: 8, read: (view, at) => view.getFloat64(at, true) },
};

interface Element {
  readonly type: number;
  readonly bytes: Uint8Array;
}

/** @throws RowFault where the file is not of this format, or has no such matrix */
export function readMatrix(file: Uint8Array, name: string): Matrix {
  if (file.length < HEADER_BYTES) throw new RowFault("it is no MATLAB file");
  const header = Buffer.from(file.subarray(0, HEADER_BYTES)).toString("latin1");
  if (header.includes("HDF5") || header.includes("MATLAB 7.3")) {
    throw new RowFault("it is a MATLAB file of version 7.3; save it with -v7");
  }
  if (header.slice(126) !== "IM") throw new RowFault("it is no little-endian MATLAB file of level 5");
  const found: string[] = [];
  for (const element of elementsOf(file.subarray(HEADER_BYTES))) {
    const { type, bytes } = element.type === COMPRESSED ? inflate(element.bytes) : element;
    if (type !== MATRIX) continue;
    const [flags, dimensions, label, real] = elementsOf(bytes);
    const own = Buffer.from(label?.bytes ?? []).toString("latin1");
    found.push(own);
    if (own === name) return matrixOf(flags, dimensions, real);
  }
  throw new RowFault(`it has no matrix ${name}, only ${found.join(", ") || "nothing"}`);
}

function inflate(bytes: Uint8Array): Element {
  try {
    const [element] = elementsOf(inflateSync(bytes, { maxOutputLength: MAX_BYTES }));
    if (element !== undefined) return element;
  } catch (error) {
    if (error instanceof RowFault) throw error;
    throw new RowFault(`a part of it cannot be decompressed: ${(error as Error).message}`);
  }
  throw new RowFault("a compressed part of it is empty");
}

function* elementsOf(bytes: Uint8Array): Generator<Element> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + 8 <= bytes.length;) {
    const first = view.getUint32(at, true);
    // Up to four bytes are packed into the tag.
    const isSmall = first >>> 16 !== 0;
    const [type, size] = isSmall ? [first & 0xffff, first >>> 16] : [first, view.getUint32(at + 4, true)];
    const start = at + (isSmall ? 4 : 8);
    if (start + size > bytes.length || (isSmall && size > 4)) throw new RowFault("it breaks off, or is damaged");
    yield { type, bytes: bytes.subarray(start, start + size) };
    // Elements begin at multiples of eight, but after compressed ones.
    at = isSmall ? at + 8 : start + (type === COMPRESSED ? size : Math.ceil(size / 8) * 8);
  }
}

function matrixOf(flags: Element | undefined, dimensions: Element | undefined, real: Element | undefined): Matrix {
  const [flagsOf] = flags === undefined ? [] : valuesOf(flags);
  const [rows = 0, columns = 0, ...more] = dimensions === undefined ? [] : valuesOf(dimensions);
  const kind = (flagsOf ?? 0) & 0xff;
  const isComplex = (((flagsOf ?? 0) >>> 8) & COMPLEX) !== 0;
  if (kind < NUMERIC_CLASSES.first || kind > NUMERIC_CLASSES.last || isComplex || more.length > 0) {
    throw new RowFault("its matrix is not a full one of real numbers in two dimensions");
  }
  const values = real === undefined ? new Float64Array() : valuesOf(real);
  if (rows < 0 || columns < 0 || values.length !== rows * columns) {
    throw new RowFault(`its matrix of ${rows} × ${columns} has ${values.length} numbers`);
  }
  return { rows, columns, values };
}

function valuesOf({ type, bytes }: Element): Float64Array {
  const number = numbers[type];
  if (number === undefined) throw new RowFault(`it has numbers of the type ${type}, which are not read`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float64Array.from({ length: Math.floor(bytes.length / number.bytes) }, (_, place) =>
    number.read(view, place * number.bytes),
  );
}
