import { expect } from "chai";
import fc from "fast-check";

import type { WeightsErrorCode } from "../../../src/weights/errors.ts";
import { encodeWeights } from "../../../src/weights/safetensors.ts";
import { specOf } from "../../../src/weights/spec.ts";
import { readWeights } from "../../../src/weights/stream.ts";
import type { Weights } from "../../../src/weights/weights.ts";
import { chunksOf, dense, expectSameWeights, expectWeightsError, fileOf } from "./samples.ts";

const spec = specOf(dense);
const file = encodeWeights(dense);
const headerBytes = new DataView(file.buffer).getUint32(0, true);

/** A stream that gives these parts and then nothing more for ever; it tells what became of it. */
class Source implements AsyncIterableIterator<Uint8Array> {
  given = 0;
  closed = false;
  readonly #parts: Uint8Array[];

  constructor(parts: Uint8Array[]) {
    this.#parts = parts;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Uint8Array>> {
    const value = this.#parts[this.given];
    if (value === undefined) return new Promise(() => undefined);
    this.given += 1;
    return Promise.resolve({ done: false, value });
  }

  return(): Promise<IteratorResult<Uint8Array>> {
    this.closed = true;
    return Promise.resolve({ done: true, value: undefined });
  }
}

async function errorOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  throw new Error("it was not refused");
}

describe("Reading weights from a stream", function () {
  this.timeout(60_000);

  it("gives the same weights however the bytes are cut", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: file.length }), async (chunkBytes) => {
        expectSameWeights(await readWeights(chunksOf(file, chunkBytes), { spec }), dense);
      }),
    );
  });

  it("passes over empty chunks, and gives the tensors in the spec's order", async () => {
    const weights: Weights = { tensors: [...dense.tensors].reverse() };
    const empty = new Uint8Array(0);
    async function* chunks(): AsyncGenerator<Uint8Array> {
      for await (const chunk of chunksOf(encodeWeights(weights), 7)) yield* [empty, chunk, empty];
    }
    expectSameWeights(await readWeights(chunks(), { spec }), { tensors: dense.tensors });
  });

  const claim = (length: bigint): Uint8Array => {
    const prefix = new Uint8Array(8);
    new DataView(prefix.buffer).setBigUint64(0, length, true);
    return prefix;
  };
  const wrongHeader = (header: string): Uint8Array[] => [fileOf(header)];
  const huge = '{"kernel":{"dtype":"F32","shape":[1000000000,1000000],"data_offsets":[0,4000000000000000]}}';

  for (const [what, parts, code, fragment] of [
    ["a header length above the cap", [claim(1_048_577n)], "weights-header", "1048577"],
    ["a header length of 2^64 - 1", [claim(2n ** 64n - 1n)], "weights-header", "18446744073709551615"],
    ["a header that is not JSON", wrongHeader("{garbage}"), "weights-header", "where a string must be"],
    ["a tensor missing in the header", wrongHeader("{}"), "weights-missing-tensor", '"kernel"'],
    ["a tensor of petabytes", wrongHeader(huge), "weights-shape", "[1000000000, 1000000]"],
    ["bytes after the end", [file, Uint8Array.of(0)], "weights-malformed", `after the ${file.length} bytes`],
  ] as [string, Uint8Array[], WeightsErrorCode, string][]) {
    it(`refuses ${what} without waiting for more, and closes the stream`, async () => {
      const source = new Source(parts);
      expectWeightsError(await errorOf(readWeights(source, { spec })), code, fragment);
      expect(source.closed).to.equal(true);
    });
  }

  it("refuses by the header alone a file that would be above the cap", async () => {
    const source = new Source([file.subarray(0, 8 + headerBytes)]);
    const tight = { ...spec, maxBytes: file.length - 1 };
    const error = await errorOf(readWeights(source, { spec: tight }));
    expectWeightsError(error, "weights-too-large", `to have ${file.length} bytes`);
  });

  it("refuses a header length above the file's cap before any of the header came", async () => {
    const source = new Source([file.subarray(0, 8)]);
    const error = await errorOf(readWeights(source, { spec: { ...spec, maxBytes: 100 } }));
    expectWeightsError(error, "weights-header", "more than 100");
  });

  it("refuses every file that ends too early", async () => {
    for (let length = 0; length < file.length; length += 1) {
      const error = await errorOf(readWeights(chunksOf(file.subarray(0, length), 50), { spec }));
      expectWeightsError(error, "weights-malformed", `ends after ${length} bytes`);
    }
  });

  it("refuses a value that is not finite", async () => {
    const [kernel, bias] = structuredClone(dense.tensors);
    if (kernel === undefined || bias === undefined) throw new Error("the sample has two tensors");
    bias.data[2] = NaN;
    const chunks = chunksOf(encodeWeights({ tensors: [kernel, bias] }), 16);
    expectWeightsError(
      await errorOf(readWeights(chunks, { spec })),
      "weights-not-finite",
      '"bias" holds NaN at index 2',
    );
  });

  it("hands on the error of the stream", async () => {
    const failure = new Error("the peer went away");
    async function* chunks(): AsyncGenerator<Uint8Array> {
      yield file.subarray(0, 20);
      await Promise.reject(failure);
    }
    expect(await errorOf(readWeights(chunks(), { spec }))).to.equal(failure);
  });

  it("stops at the signal with its reason, even while a chunk is awaited, and closes the stream", async () => {
    const reason = new Error("the vote's deadline has passed");
    const source = new Source([file.subarray(0, 20)]);
    const controller = new AbortController();
    const reading = errorOf(readWeights(source, { spec, signal: controller.signal }));
    controller.abort(reason);
    expect(await reading).to.equal(reason);
    expect(source.closed).to.equal(true);
  });

  it("takes nothing of the stream when the signal came before", async () => {
    const source = new Source([file]);
    const signal = AbortSignal.abort(new Error("stopped"));
    expect(await errorOf(readWeights(source, { spec, signal }))).to.have.property("message", "stopped");
    expect(source.given).to.equal(0);
  });
});
