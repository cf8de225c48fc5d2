/** Files that the Python package `safetensors` wrote: scripts/make-weights-fixtures.py. */
import { readFileSync } from "node:fs";

import { expect } from "chai";

import { decodeWeights, encodeWeights } from "../../../src/weights/safetensors.ts";
import { parseProposal, specOf } from "../../../src/weights/spec.ts";
import type { Weights } from "../../../src/weights/weights.ts";
import { expectRefusal, expectSameWeights } from "./samples.ts";

const fixture = (name: string): Uint8Array =>
  readFileSync(new URL(`../../fixtures/weights/${name}.safetensors`, import.meta.url));

/** In the order in which Python writes: the largest elements first, then by name. */
const denseWeights: Weights = {
  tensors: [
    { name: "dense/bias", dtype: "F32", shape: [3], data: Float32Array.of(0.5, -0, 1e-45) },
    {
      name: "dense/kernel",
      dtype: "F32",
      shape: [4, 3],
      data: Float32Array.from({ length: 12 }, (_, index) => index / 4 - 1),
    },
  ],
};

const mixedWeights: Weights = {
  tensors: [
    {
      name: "long",
      dtype: "I64",
      shape: [3],
      data: BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n, 2n ** 53n + 1n),
    },
    { name: "double", dtype: "F64", shape: [], data: Float64Array.of(Math.PI) },
    { name: "empty", dtype: "F32", shape: [0, 3], data: new Float32Array(0) },
    { name: "float", dtype: "F32", shape: [1, 2], data: Float32Array.of(1.5, -2.25) },
    { name: "int", dtype: "I32", shape: [2], data: Int32Array.of(-(2 ** 31), 2 ** 31 - 1) },
    { name: "byte", dtype: "U8", shape: [3], data: Uint8Array.of(0, 127, 255) },
    { name: 'größe "µ"\n\u2028', dtype: "U8", shape: [1], data: Uint8Array.of(7) },
    { name: "bool", dtype: "BOOL", shape: [3], data: Uint8Array.of(1, 0, 1) },
  ],
  summary: { steps: 100 },
};

describe("A file from Python", () => {
  for (const [name, weights] of Object.entries({ dense: denseWeights, mixed: mixedWeights })) {
    it(`holds the values that Python put into ${name}`, () => {
      expectSameWeights(decodeWeights(fixture(name)), weights);
      expectSameWeights(parseProposal(fixture(name), specOf(weights)), weights);
    });

    it(`is byte for byte what is written here of the same tensors in the same order: ${name}`, () => {
      expect(Buffer.from(encodeWeights(weights))).to.deep.equal(Buffer.from(fixture(name)));
    });
  }

  it("may have metadata of its own", () => {
    expectSameWeights(decodeWeights(fixture("foreign")), {
      tensors: [{ name: "x", dtype: "F32", shape: [2], data: Float32Array.of(1, 2) }],
    });
  });

  it("is refused for half floats", () => {
    expectRefusal(() => decodeWeights(fixture("half")), "weights-dtype", '"F16"');
  });

  it("is refused for a NaN as a proposal, though it is a file", () => {
    const weights = decodeWeights(fixture("nan"));
    expectRefusal(() => parseProposal(fixture("nan"), specOf(weights)), "weights-not-finite", "NaN at index 1 of 2");
  });
});
