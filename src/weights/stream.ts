/** Weights from a file that is still coming, checked as early as the bytes allow. */
import { WeightsError } from "./errors.ts";
import { parseHeader } from "./header.ts";
import { assembleWeights, MAX_HEADER_BYTES, PREFIX_BYTES, readHeaderLength } from "./safetensors.ts";
import { conform, inSpecOrder } from "./spec.ts";
import type { Weights, WeightsSpec } from "./weights.ts";

export interface ReadOptions {
  readonly spec: WeightsSpec;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Weights from a stream of a file's bytes: checked as by `parseProposal`, and refused at the first byte that shows
 * it to be wrong. Nothing larger than a header is allocated before the header is known to fit the spec; `chunks` is
 * closed in any case.
 * @throws WeightsError, or the signal's reason
 */
export async function readWeights(chunks: AsyncIterable<Uint8Array>, { spec, signal }: ReadOptions): Promise<Weights> {
  const reader = new ByteReader(chunks, signal);
  try {
    const prefix = await reader.read(PREFIX_BYTES);
    const headerBytes = readHeaderLength(prefix, Math.min(MAX_HEADER_BYTES, spec.maxBytes));
    const header = parseHeader(await reader.read(headerBytes));
    inSpecOrder(header.entries, spec);
    const size = PREFIX_BYTES + headerBytes + header.dataBytes;
    if (size > spec.maxBytes) {
      throw new WeightsError("weights-too-large", `the file is to have ${size} bytes, more than ${spec.maxBytes}`);
    }
    const data = await reader.read(header.dataBytes);
    await reader.expectEnd(size);
    return conform(assembleWeights(header, data), spec);
  } finally {
    reader.close();
  }
}

/** Reads a stream of chunks by counted bytes, and lets go of it when the signal says so, even between two chunks. */
class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #signal: AbortSignal | undefined;
  #rest: Uint8Array = new Uint8Array(0);
  #total = 0;

  constructor(chunks: AsyncIterable<Uint8Array>, signal: AbortSignal | undefined) {
    this.#chunks = chunks[Symbol.asyncIterator]();
    this.#signal = signal;
  }

  /** The next `count` bytes. */
  async read(count: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(count);
    let filled = 0;
    while (filled < count) {
      if (this.#rest.length === 0 && !(await this.#pull())) {
        throw new WeightsError(
          "weights-malformed",
          `the file ends after ${this.#total} bytes, ${count - filled} too early`,
        );
      }
      const part = this.#rest.subarray(0, count - filled);
      bytes.set(part, filled);
      filled += part.length;
      this.#rest = this.#rest.subarray(part.length);
    }
    return bytes;
  }

  async expectEnd(size: number): Promise<void> {
    while (this.#rest.length === 0) if (!(await this.#pull())) return;
    throw new WeightsError("weights-malformed", `the file goes on after the ${size} bytes that its header describes`);
  }

  /** Lets the stream go. Not awaited: a source that hangs in the middle of a chunk would hang here too. */
  close(): void {
    const closing = this.#chunks.return?.();
    closing?.then(undefined, () => undefined);
  }

  /** Makes the next chunk the rest. False at the end. */
  async #pull(): Promise<boolean> {
    const result = await this.#next();
    if (result.done === true) return false;
    this.#rest = result.value;
    this.#total += result.value.length;
    return true;
  }

  async #next(): Promise<IteratorResult<Uint8Array, unknown>> {
    const signal = this.#signal;
    if (signal === undefined) return this.#chunks.next();
    signal.throwIfAborted();
    let stopWaiting = (): void => undefined;
    const aborted = new Promise<never>((_, reject) => {
      const abort = (): void => {
        reject(signal.reason as Error);
      };
      signal.addEventListener("abort", abort);
      stopWaiting = () => {
        signal.removeEventListener("abort", abort);
      };
    });
    try {
      return await Promise.race([this.#chunks.next(), aborted]);
    } finally {
      stopWaiting();
    }
  }
}
