/**
 * The header of a safetensors file: JSON that says what each tensor is and where its bytes are.
 *
 * Read by its own small scanner, and not with JSON.parse, because a duplicate key must be an error, a number must be an
 * unsigned integer as written (no 1.0, no 1e3, no loss above 2^53), and names such as "1" must keep their place.
 * Format: https://github.com/huggingface/safetensors#format
 */
import { quote, WeightsError } from "./errors.ts";
import { bytesPerElement } from "./weights.ts";
import type { DType, TensorSpec } from "./weights.ts";

/** What a file's header says of one tensor: bytes `begin` to `end` (exclusive) of the data that follow the header. */
export interface TensorEntry extends TensorSpec {
  readonly begin: number;
  readonly end: number;
}

export interface Header {
  /** Ordered by their place in the file; they cover the data without hole or overlap. */
  readonly entries: readonly TensorEntry[];
  readonly metadata: ReadonlyMap<string, string>;
  /** Bytes of data after the header. */
  readonly dataBytes: number;
}

/** The key beside the tensors' names that holds free text. No tensor may have this name. */
export const METADATA_KEY = "__metadata__";

/** A lone surrogate: text that has no UTF-8 form, so it can be no tensor's name. */
export const LONE_SURROGATE = /\p{Surrogate}/u;

/** Data begin on a multiple of this, so that they can be used where they lie. */
const HEADER_ALIGNMENT = 8;

/**
 * Bytes of a tensor's data.
 * @returns undefined when the count is beyond exact integers
 */
export function tensorBytes({ dtype, shape }: Pick<TensorSpec, "dtype" | "shape">): number | undefined {
  let size = bytesPerElement[dtype];
  for (const length of shape) {
    size *= length;
    if (!Number.isSafeInteger(size)) return undefined;
  }
  return size;
}

/** The header of these tensors, laid one after the other in the given order, as UTF-8 padded with spaces. */
export function formatHeader(tensors: readonly TensorSpec[], metadata: ReadonlyMap<string, string>): Uint8Array {
  const members: string[] = [];
  if (metadata.size > 0) members.push(`"${METADATA_KEY}":${JSON.stringify(Object.fromEntries(metadata))}`);
  const names = new Set<string>();
  let begin = 0;
  for (const tensor of tensors) {
    const { name, dtype, shape } = tensor;
    if (name === METADATA_KEY || LONE_SURROGATE.test(name)) {
      throw new WeightsError("weights-malformed", `a tensor cannot have the name ${quote(name)}`);
    }
    if (names.has(name)) throw new WeightsError("weights-malformed", `the tensor ${quote(name)} is there twice`);
    names.add(name);
    const size = tensorBytes(tensor);
    if (size === undefined || !shape.every((length) => Number.isSafeInteger(length) && length >= 0)) {
      throw new WeightsError("weights-malformed", `${quote(name)} cannot have the shape [${shape.join(", ")}]`);
    }
    const entry = { dtype, shape, data_offsets: [begin, begin + size] };
    members.push(`${JSON.stringify(name)}:${JSON.stringify(entry)}`);
    begin += size;
  }
  const json = new TextEncoder().encode(`{${members.join(",")}}`);
  const padded = new Uint8Array(Math.ceil(json.length / HEADER_ALIGNMENT) * HEADER_ALIGNMENT).fill(0x20);
  padded.set(json);
  return padded;
}

/**
 * Reads a header, without the length before it.
 * @throws WeightsError `weights-header` for what is not such JSON, `weights-dtype` for an element type not known here,
 *   `weights-malformed` when sizes, offsets and shapes contradict each other
 */
export function parseHeader(bytes: Uint8Array): Header {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new WeightsError("weights-header", "the header is not UTF-8", { cause });
  }
  if (!text.startsWith("{")) {
    throw new WeightsError("weights-header", `the header begins with ${quote(text.slice(0, 1))} and not with "{"`);
  }
  const scanner = new Scanner(text);
  const entries: TensorEntry[] = [];
  let metadata: ReadonlyMap<string, string> = new Map();
  scanner.object((name) => {
    if (name === METADATA_KEY) metadata = scanMetadata(scanner);
    else entries.push(scanEntry(scanner, name));
  });
  scanner.end();
  // Stable: empty tensors at the same place keep the header's order.
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  return { entries, metadata, dataBytes: checkPlaces(entries) };
}

function scanMetadata(scanner: Scanner): Map<string, string> {
  const metadata = new Map<string, string>();
  scanner.object((key) => metadata.set(key, scanner.string()));
  return metadata;
}

function scanEntry(scanner: Scanner, name: string): TensorEntry {
  const found: { dtype?: string; shape?: number[]; offsets?: number[] } = {};
  scanner.object((key) => {
    if (key === "dtype") found.dtype = scanner.string();
    else if (key === "shape") found.shape = scanner.integers();
    else if (key === "data_offsets") found.offsets = scanner.integers();
    else throw new WeightsError("weights-header", `${quote(name)} has the unknown property ${quote(key)}`);
  });
  const { dtype, shape, offsets } = found;
  const [begin, end] = offsets ?? [];
  if (dtype === undefined || shape === undefined || begin === undefined || end === undefined || offsets?.length !== 2) {
    throw new WeightsError("weights-header", `${quote(name)} needs a dtype, a shape and two data_offsets`);
  }
  if (!isDType(dtype)) {
    const known = Object.keys(bytesPerElement).join(", ");
    throw new WeightsError("weights-dtype", `${quote(name)} has the element type ${quote(dtype)}; known are ${known}`);
  }
  return { name, dtype, shape, begin, end };
}

function isDType(text: string): text is DType {
  return Object.hasOwn(bytesPerElement, text);
}

/** Checks that the entries follow each other without hole or overlap, each as long as it must be; gives the last's end. */
function checkPlaces(entries: readonly TensorEntry[]): number {
  let expected = 0;
  for (const entry of entries) {
    const { name, dtype, shape, begin, end } = entry;
    if (begin !== expected) {
      throw new WeightsError("weights-malformed", `${quote(name)} has the bytes ${begin} to ${end}, after ${expected}`);
    }
    const size = tensorBytes(entry);
    if (size !== end - begin) {
      const wanted = size === undefined ? "more than can be counted" : `${size}`;
      const what = `${quote(name)}, ${dtype} of shape [${describeShape(shape)}]`;
      throw new WeightsError("weights-malformed", `${what}, needs ${wanted} bytes, not ${end - begin}`);
    }
    expected = end;
  }
  return expected;
}

/** A shape for an error's message, short however many dimensions it has. */
export function describeShape(shape: readonly number[]): string {
  return shape.length > 8 ? `${shape.slice(0, 8).join(", ")}, …` : shape.join(", ");
}

const SPACE = 0x20;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** Walks through the JSON of a header. Each method reads one value and the space around it, or throws `weights-header`. */
class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** An object: `member` is called after each key and reads its value. A key may come once. */
  object(member: (key: string) => void): void {
    const keys = new Set<string>();
    this.#expect("{");
    if (this.#accept("}")) return;
    do {
      const key = this.string();
      if (keys.has(key)) throw new WeightsError("weights-header", `the header has the key ${quote(key)} twice`);
      keys.add(key);
      this.#expect(":");
      member(key);
    } while (this.#accept(","));
    this.#expect("}");
  }

  string(): string {
    const start = this.#at;
    const end = this.#endOfString();
    this.#at = end;
    this.#skipSpace();
    // The text came from UTF-8, so only an escape can make a lone surrogate.
    if (!this.#needsUnescaping(start, end)) return this.#text.slice(start + 1, end - 1);
    const literal = this.#text.slice(start, end);
    let value: unknown;
    try {
      value = JSON.parse(literal);
    } catch {
      // Below: a control character or an unknown escape.
    }
    if (typeof value !== "string" || LONE_SURROGATE.test(value)) {
      throw new WeightsError("weights-header", `the header's ${quote(literal)} is not a JSON string`);
    }
    return value;
  }

  /** By hand: a regular expression would need a stack as deep as the string is long. */
  #endOfString(): number {
    if (this.#text[this.#at] !== '"') this.#fail("a string");
    let last = this.#at + 1;
    while (last < this.#text.length && this.#text.charCodeAt(last) !== QUOTE) {
      last += this.#text.charCodeAt(last) === BACKSLASH ? 2 : 1;
    }
    if (last >= this.#text.length) this.#fail("a string with an end");
    return last + 1;
  }

  #needsUnescaping(start: number, end: number): boolean {
    for (let at = start; at < end; at += 1) {
      const code = this.#text.charCodeAt(at);
      if (code === BACKSLASH || code < SPACE) return true;
    }
    return false;
  }

  integers(): number[] {
    const numbers: number[] = [];
    this.#expect("[");
    if (this.#accept("]")) return numbers;
    do numbers.push(this.#integer());
    while (this.#accept(","));
    this.#expect("]");
    return numbers;
  }

  end(): void {
    if (this.#at < this.#text.length) this.#fail("nothing more");
  }

  #integer(): number {
    let end = this.#at;
    while (isDigit(this.#text.charCodeAt(end))) end += 1;
    const literal = this.#text.slice(this.#at, end);
    if (literal === "" || (literal.startsWith("0") && literal.length > 1)) this.#fail("an unsigned integer");
    const value = Number(literal);
    if (!Number.isSafeInteger(value)) {
      throw new WeightsError("weights-header", `the header's number ${quote(literal)} is too large`);
    }
    this.#at = end;
    this.#skipSpace();
    return value;
  }

  #accept(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    this.#skipSpace();
    return true;
  }

  #expect(character: string): void {
    if (!this.#accept(character)) this.#fail(quote(character));
  }

  #skipSpace(): void {
    while (this.#at < this.#text.length && " \n\r\t".includes(this.#text.charAt(this.#at))) this.#at += 1;
  }

  #fail(wanted: string): never {
    const found = this.#at < this.#text.length ? quote(this.#text.slice(this.#at, this.#at + 20)) : "its end";
    throw new WeightsError(
      "weights-header",
      `the header has ${found} at character ${this.#at}, where ${wanted} must be`,
    );
  }
}
