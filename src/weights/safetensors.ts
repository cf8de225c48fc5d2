/**
 * Weights as safetensors bytes, and back: 8 bytes of header length (little-endian), the header, the tensors' bytes.
 * The tensors are written in the given order. `__metadata__` holds the training summary under the keys `steps`,
 * `samples`, `epsilon` and `delta`, as decimal numbers; other keys, as other programs write them, are not read.
 */
import { quote, WeightsError } from "./errors.ts";
import { formatHeader, parseHeader, tensorBytes } from "./header.ts";
import type { Header, TensorEntry } from "./header.ts";
import { bytesPerElement } from "./weights.ts";
import type { DType, Tensor, TensorData, TrainingSummary, Weights } from "./weights.ts";

/** A header is refused above this, before anything is made of it: it is room for some ten thousand tensors. */
export const MAX_HEADER_BYTES = 1_048_576;

/** Bytes before the header: its length. */
export const PREFIX_BYTES = 8;

if (new Uint8Array(Uint16Array.of(1).buffer)[0] !== 1) {
  throw new Error("safetensors are little-endian and this machine is not: weights would be read wrongly");
}

export interface DecodeLimits {
  /** Cap on the whole file. Default: none, for the bytes are here already. */
  readonly maxBytes?: number | undefined;
  /** Cap on the header. Default {@link MAX_HEADER_BYTES}. */
  readonly maxHeaderBytes?: number | undefined;
}

/**
 * Weights as a safetensors file.
 * @throws WeightsError `weights-malformed` for what no file can hold (a name twice, data that do not fill the shape, a
 *   summary with NaN), `weights-header` when the header would be longer than readers allow
 */
export function encodeWeights(weights: Weights): Uint8Array {
  const header = encodeHeader(weights);
  const file = new Uint8Array(PREFIX_BYTES + header.length + dataLength(weights));
  new DataView(file.buffer).setBigUint64(0, BigInt(header.length), true);
  file.set(header, PREFIX_BYTES);
  let at = PREFIX_BYTES + header.length;
  for (const tensor of weights.tensors) {
    const { name, dtype, shape, data } = tensor;
    const size = tensorBytes(tensor);
    if (data.byteLength !== size) {
      const what = `${quote(name)} holds ${data.byteLength} bytes`;
      throw new WeightsError("weights-malformed", `${what}, but ${dtype} of shape [${shape.join(", ")}] is ${size}`);
    }
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return file;
}

/** Bytes of the file that {@link encodeWeights} makes of these weights. */
export function encodedLength(weights: Weights): number {
  return PREFIX_BYTES + encodeHeader(weights).length + dataLength(weights);
}

function dataLength({ tensors }: Weights): number {
  return tensors.reduce((sum, { data }) => sum + data.byteLength, 0);
}

function encodeHeader(weights: Weights): Uint8Array {
  const header = formatHeader(weights.tensors, formatSummary(weights.summary));
  if (header.length > MAX_HEADER_BYTES) {
    throw new WeightsError("weights-header", `a header of ${header.length} bytes is over ${MAX_HEADER_BYTES}`);
  }
  return header;
}

/**
 * Weights from a safetensors file, in the file's order. Where their place allows, the tensors are views of `bytes`: who
 * changes the bytes changes the weights. Values and names are not judged here: see `parseProposal`.
 * @throws WeightsError `weights-too-large`, `weights-header`, `weights-malformed`, `weights-dtype`
 */
export function decodeWeights(bytes: Uint8Array, limits: DecodeLimits = {}): Weights {
  const { maxBytes = Number.MAX_SAFE_INTEGER, maxHeaderBytes = MAX_HEADER_BYTES } = limits;
  if (bytes.length > maxBytes) {
    throw new WeightsError("weights-too-large", `the file has ${bytes.length} bytes, more than ${maxBytes}`);
  }
  const headerBytes = readHeaderLength(bytes.subarray(0, PREFIX_BYTES), maxHeaderBytes);
  const dataStart = PREFIX_BYTES + headerBytes;
  if (bytes.length < dataStart) {
    throw new WeightsError("weights-malformed", `the file ends after ${bytes.length} bytes, within its header`);
  }
  return assembleWeights(parseHeader(bytes.subarray(PREFIX_BYTES, dataStart)), bytes.subarray(dataStart));
}

/**
 * The header's length, from the first 8 bytes of a file.
 * @throws WeightsError `weights-malformed` when there are fewer, `weights-header` when it is above the cap
 */
export function readHeaderLength(prefix: Uint8Array, maxHeaderBytes: number): number {
  if (prefix.length < PREFIX_BYTES) {
    throw new WeightsError("weights-malformed", `the file has only ${prefix.length} bytes`);
  }
  const length = new DataView(prefix.buffer, prefix.byteOffset, PREFIX_BYTES).getBigUint64(0, true);
  if (length > BigInt(maxHeaderBytes)) {
    throw new WeightsError("weights-header", `the file has a header of ${length} bytes, more than ${maxHeaderBytes}`);
  }
  return Number(length);
}

/**
 * Weights of a header and the data after it.
 * @throws WeightsError `weights-malformed` when the data are not exactly the header's, `weights-header` for its summary
 */
export function assembleWeights(header: Header, data: Uint8Array): Weights {
  if (data.length !== header.dataBytes) {
    const wanted = `the header describes ${header.dataBytes} bytes`;
    throw new WeightsError("weights-malformed", `${wanted} of tensors, and ${data.length} follow it`);
  }
  const summary = parseSummary(header.metadata);
  const tensors = header.entries.map((entry) => viewTensor(entry, data));
  return summary === undefined ? { tensors } : { tensors, summary };
}

/** How a tensor's bytes are seen as its elements: `count` of them from byte `at`. */
const views: { [D in DType]: (buffer: ArrayBufferLike, at: number, count: number) => TensorData[D] } = {
  F32: (buffer, at, count) => new Float32Array(buffer, at, count),
  F64: (buffer, at, count) => new Float64Array(buffer, at, count),
  I32: (buffer, at, count) => new Int32Array(buffer, at, count),
  I64: (buffer, at, count) => new BigInt64Array(buffer, at, count),
  U8: (buffer, at, count) => new Uint8Array(buffer, at, count),
  BOOL: (buffer, at, count) => new Uint8Array(buffer, at, count),
};

function viewTensor({ name, dtype, shape, begin, end }: TensorEntry, data: Uint8Array): Tensor {
  const size = bytesPerElement[dtype];
  const place = data.subarray(begin, end);
  // A typed array must lie on a multiple of its element: a file with tensors of mixed types may place it elsewhere.
  const { buffer, byteOffset, byteLength } = place.byteOffset % size === 0 ? place : new Uint8Array(place);
  return { name, dtype, shape, data: views[dtype](buffer, byteOffset, byteLength / size) } as Tensor;
}

const summaryKeys = ["steps", "samples", "epsilon", "delta"] as const;

function formatSummary(summary: TrainingSummary = {}): Map<string, string> {
  const metadata = new Map<string, string>();
  for (const key of summaryKeys) {
    const value = summary[key];
    if (value === undefined) continue;
    if (!isSummaryValue(key, value)) {
      throw new WeightsError("weights-malformed", `a training summary cannot have ${key} ${value}`);
    }
    metadata.set(key, String(value));
  }
  return metadata;
}

function parseSummary(metadata: ReadonlyMap<string, string>): TrainingSummary | undefined {
  const summary: { -readonly [K in keyof TrainingSummary]: number } = {};
  for (const key of summaryKeys) {
    const text = metadata.get(key);
    if (text === undefined) continue;
    const value = /^[0-9]/.test(text) ? Number(text) : NaN;
    if (!isSummaryValue(key, value)) {
      throw new WeightsError("weights-header", `the training summary has ${key} ${quote(text)}`);
    }
    summary[key] = value;
  }
  return Object.keys(summary).length === 0 ? undefined : summary;
}

/** Steps and samples are counts, epsilon and delta are sums of positive numbers. */
function isSummaryValue(key: keyof TrainingSummary, value: number): boolean {
  return value >= 0 && (key === "steps" || key === "samples" ? Number.isSafeInteger(value) : Number.isFinite(value));
}
