/** Weights and files for the tests of this room. */
import { expect } from "chai";
import fc from "fast-check";

import { WeightsError } from "../../../src/weights/errors.ts";
import type { WeightsErrorCode } from "../../../src/weights/errors.ts";
import type { Tensor, TrainingSummary, Weights } from "../../../src/weights/weights.ts";

/** Raw bytes of a tensor: what equality of weights is about, NaN and -0 included. */
function bytesOf({ data }: Tensor): number[] {
  return [...new Uint8Array(data.buffer, data.byteOffset, data.byteLength)];
}

export function expectSameWeights(found: Weights, wanted: Weights): void {
  const plain = ({ tensors, summary }: Weights): unknown => ({
    tensors: tensors.map((tensor) => ({ ...tensor, data: bytesOf(tensor), kind: tensor.data.constructor.name })),
    summary: summary ?? {},
  });
  expect(plain(found)).to.deep.equal(plain(wanted));
}

/** Runs `work` and expects it to refuse with this code, in a message of one line with this in it. */
export function expectRefusal(work: () => unknown, code: WeightsErrorCode, fragment = ""): void {
  let caught: unknown;
  try {
    work();
  } catch (error) {
    caught = error;
  }
  expectWeightsError(caught, code, fragment);
}

export function expectWeightsError(error: unknown, code: WeightsErrorCode, fragment = ""): void {
  if (!(error instanceof WeightsError)) throw new Error(`not refused with ${code}`, { cause: error });
  expect(error.code, error.message).to.equal(code);
  expect(error.message).to.include(fragment).and.not.match(/\n/);
  expect(error.message.length).to.be.below(400);
}

/** A file with this header, whatever it is, and these data. */
export function fileOf(header: string | Uint8Array, data: Uint8Array = new Uint8Array(0)): Uint8Array {
  const json = typeof header === "string" ? new TextEncoder().encode(header) : header;
  const prefix = new Uint8Array(8);
  new DataView(prefix.buffer).setBigUint64(0, BigInt(json.length), true);
  return Uint8Array.from([...prefix, ...json, ...data]);
}

export const dense: Weights = {
  tensors: [
    { name: "kernel", dtype: "F32", shape: [2, 3], data: Float32Array.of(1, -2, 3, -4, 5, -6) },
    { name: "bias", dtype: "F32", shape: [3], data: Float32Array.of(0.5, 0, -0.5) },
  ],
  summary: { steps: 100, samples: 3200, epsilon: 0.75, delta: 1e-5 },
};

const shape = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 });

const tensor: fc.Arbitrary<Tensor> = fc
  .tuple(fc.string({ unit: "grapheme", maxLength: 12 }), shape)
  .filter(([name]) => name !== "__metadata__")
  .chain(([name, lengths]) => {
    const count = lengths.reduce((product, length) => product * length, 1);
    const size = { minLength: count, maxLength: count };
    const base = { name: fc.constant(name), shape: fc.constant(lengths) };
    return fc.oneof<fc.Arbitrary<Tensor>[]>(
      fc.record({ ...base, dtype: fc.constant("F32" as const), data: fc.float32Array(size) }),
      fc.record({ ...base, dtype: fc.constant("F64" as const), data: fc.float64Array(size) }),
      fc.record({ ...base, dtype: fc.constant("I32" as const), data: fc.int32Array(size) }),
      fc.record({ ...base, dtype: fc.constant("I64" as const), data: fc.bigInt64Array(size) }),
      fc.record({ ...base, dtype: fc.constant("U8" as const), data: fc.uint8Array(size) }),
      fc.record({ ...base, dtype: fc.constant("BOOL" as const), data: fc.uint8Array({ ...size, max: 1 }) }),
    );
  });

const count = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const loss = fc.double({ min: 0, max: Number.MAX_VALUE, noNaN: true });

const summary: fc.Arbitrary<TrainingSummary> = fc.record(
  { steps: count, samples: count, epsilon: loss, delta: loss },
  { requiredKeys: [] },
);

/** Weights of any names, types and shapes; floating-point values may be NaN or infinite. */
export const anyWeights: fc.Arbitrary<Weights> = fc.record({
  tensors: fc.uniqueArray(tensor, { selector: ({ name }) => name, maxLength: 6 }),
  summary: fc.option(summary, { nil: undefined }),
});

/** The bytes in chunks cut at these places. */
export async function* chunksOf(bytes: Uint8Array, chunkBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    yield await Promise.resolve(bytes.subarray(at, at + chunkBytes));
  }
}

/** What befalls a file: a byte set, a bit flipped, a part cut out, a part doubled, bytes cut off or added at the end. */
type Mutation = (bytes: number[]) => number[];

const mutation: fc.Arbitrary<Mutation> = fc
  .tuple(fc.nat(), fc.nat({ max: 255 }), fc.nat({ max: 40 }), fc.nat({ max: 5 }))
  .map(([place, value, span, kind]) => (bytes) => {
    if (bytes.length === 0) return bytes;
    const at = place % bytes.length;
    const [before, part, after] = [bytes.slice(0, at), bytes.slice(at, at + span), bytes.slice(at + span)];
    switch (kind) {
      case 0:
        return bytes.with(at, value);
      case 1:
        return bytes.with(at, (bytes[at] ?? 0) ^ (1 << (value % 8)));
      case 2:
        return [...before, ...after];
      case 3:
        return [...before, ...part, ...part, ...after];
      case 4:
        return before;
      default:
        return [...bytes, ...part];
    }
  });

/** The header is the part with rules: half of the damage is in the first bytes. */
export const anyDamage: fc.Arbitrary<(bytes: Uint8Array) => Uint8Array> = fc
  .tuple(fc.array(mutation, { minLength: 1, maxLength: 3 }), fc.boolean())
  .map(([mutations, inHeader]) => (bytes) => {
    const cut = inHeader ? Math.min(bytes.length, 200) : bytes.length;
    const head = mutations.reduce((part, mutate) => mutate(part), [...bytes.subarray(0, cut)]);
    return Uint8Array.from([...head, ...bytes.subarray(cut)]);
  });
