import { expect } from "chai";
import fc from "fast-check";

import type { WeightsErrorCode } from "../../../src/weights/errors.ts";
import { encodedLength, encodeWeights } from "../../../src/weights/safetensors.ts";
import { checkWeights, parseProposal, specBytes, specOf } from "../../../src/weights/spec.ts";
import { checkValues } from "../../../src/weights/values.ts";
import type { Tensor, Weights, WeightsSpec } from "../../../src/weights/weights.ts";
import { anyWeights, dense, expectRefusal, expectSameWeights } from "./samples.ts";

const spec = specOf(dense);
const kernel: Tensor = { name: "kernel", dtype: "F32", shape: [2, 3], data: new Float32Array(6) };
const bias: Tensor = { name: "bias", dtype: "F32", shape: [3], data: new Float32Array(3) };

const bad = (value: number): Float32Array => Float32Array.of(0, value, 0);

/** Weights against `spec`, for both checks: of a file and in memory. */
const refused: [what: string, tensors: Tensor[], code: WeightsErrorCode, fragment: string][] = [
  ["no tensors", [], "weights-missing-tensor", '"kernel" is not there'],
  ["a tensor too few", [kernel], "weights-missing-tensor", '"bias" is not there'],
  ["a tensor of another name", [kernel, { ...bias, name: "Bias" }], "weights-missing-tensor", '"bias"'],
  ["a tensor too many", [kernel, bias, { ...bias, name: "more" }], "weights-extra-tensor", '"more" is not in the spec'],
  [
    "an empty tensor too many",
    [kernel, bias, { ...bias, name: "more", shape: [0], data: new Float32Array(0) }],
    "weights-extra-tensor",
    '"more"',
  ],
  [
    "another element type",
    [kernel, { ...bias, dtype: "I32", data: new Int32Array(3) }],
    "weights-dtype",
    "I32, not F32",
  ],
  ["a transposed tensor", [{ ...kernel, shape: [3, 2] }, bias], "weights-shape", "[3, 2], not [2, 3]"],
  ["a flat tensor of the same size", [{ ...kernel, shape: [6] }, bias], "weights-shape", "[6], not [2, 3]"],
  ["one dimension of 1 too many", [kernel, { ...bias, shape: [3, 1] }], "weights-shape", "[3, 1], not [3]"],
  ["a NaN", [kernel, { ...bias, data: bad(NaN) }], "weights-not-finite", '"bias" holds NaN at index 1 of 3'],
  ["an infinity", [kernel, { ...bias, data: bad(Infinity) }], "weights-not-finite", '"bias" holds Infinity'],
  ["a negative infinity", [kernel, { ...bias, data: bad(-Infinity) }], "weights-not-finite", '"bias" holds -Infinity'],
];

describe("A proposal's bytes", () => {
  it("become the weights that were encoded", () => {
    expectSameWeights(parseProposal(encodeWeights(dense), spec), dense);
  });

  it("may hold the tensors in any order: the weights are in the spec's", () => {
    const file = encodeWeights({ tensors: [bias, kernel] });
    expect(parseProposal(file, spec).tensors).to.deep.equal([kernel, bias]);
  });

  it("may be as long as the cap and not longer", () => {
    const file = encodeWeights(dense);
    expectSameWeights(parseProposal(file, { ...spec, maxBytes: file.length }), dense);
    const tight: WeightsSpec = { ...spec, maxBytes: file.length - 1 };
    expectRefusal(() => parseProposal(file, tight), "weights-too-large", `${file.length} bytes`);
  });

  for (const [what, tensors, code, fragment] of refused) {
    it(`are refused with ${code} for ${what}`, () => {
      expectRefusal(() => parseProposal(encodeWeights({ tensors }), spec), code, fragment);
    });
  }

  it("are refused for a shape that lacks a last dimension of 1", () => {
    const wanted: WeightsSpec = { ...spec, tensors: [{ name: "bias", dtype: "F32", shape: [3, 1] }] };
    expectRefusal(() => parseProposal(encodeWeights({ tensors: [bias] }), wanted), "weights-shape", "[3], not [3, 1]");
  });

  it("are refused for a BOOL that is neither 0 nor 1", () => {
    const flags: Tensor = { name: "flags", dtype: "BOOL", shape: [3], data: Uint8Array.of(1, 0, 2) };
    const file = encodeWeights({ tensors: [flags] });
    const work = (): unknown => parseProposal(file, specOf({ tensors: [flags] }));
    expectRefusal(work, "weights-not-boolean", '"flags" holds 2 at index 2 of 3');
  });
});

describe("Weights in memory", () => {
  it("pass when they are what the spec says", () => {
    checkWeights(dense, spec);
    checkWeights({ tensors: [kernel, bias] }, spec);
  });

  for (const [what, tensors, code, fragment] of refused) {
    it(`are refused with ${code} for ${what}`, () => {
      expectRefusal(
        () => {
          checkWeights({ tensors }, spec);
        },
        code,
        fragment,
      );
    });
  }

  for (const [what, weights, code, fragment] of [
    ["another order", { tensors: [bias, kernel] }, "weights-order", '"bias" is at place 0'],
    ["a tensor twice", { tensors: [kernel, bias, bias] }, "weights-extra-tensor", '"bias" is there twice'],
    [
      "fewer values than the shape",
      { tensors: [kernel, { ...bias, data: new Float32Array(2) }] },
      "weights-malformed",
      "holds 2 values",
    ],
  ] as [string, Weights, WeightsErrorCode, string][]) {
    it(`are refused with ${code} for ${what}`, () => {
      expectRefusal(
        () => {
          checkWeights(weights, spec);
        },
        code,
        fragment,
      );
    });
  }

  it("are refused when their file would be above the cap", () => {
    const maxBytes = encodedLength(dense);
    checkWeights(dense, { ...spec, maxBytes });
    expectRefusal(
      () => {
        checkWeights(dense, { ...spec, maxBytes: maxBytes - 1 });
      },
      "weights-too-large",
      `more than ${maxBytes - 1}`,
    );
  });
});

describe("The spec of weights", function () {
  this.timeout(60_000);

  it("names their tensors in order, and leaves room for a longer summary", () => {
    expect(spec.tensors).to.deep.equal([
      { name: "kernel", dtype: "F32", shape: [2, 3] },
      { name: "bias", dtype: "F32", shape: [3] },
    ]);
    expect(spec.maxBytes).to.equal(encodedLength({ tensors: dense.tensors }) + 4096);
    expect(specOf(dense, 1_000_000).maxBytes).to.equal(1_000_000);
  });

  it("is fulfilled by the weights it was made of, whatever they are, unless a value is unsound", () => {
    fc.assert(
      fc.property(anyWeights, (weights) => {
        const sound = weights.tensors.every(
          ({ dtype, data }) => (dtype !== "F32" && dtype !== "F64") || data.every(Number.isFinite),
        );
        const own = specOf(weights);
        if (sound) {
          checkWeights(weights, own);
          expectSameWeights(parseProposal(encodeWeights(weights), own), weights);
        } else {
          expectRefusal(() => parseProposal(encodeWeights(weights), own), "weights-not-finite");
        }
      }),
    );
  });

  it("counts its bytes, or says that they cannot be counted", () => {
    expect(specBytes(spec)).to.equal(36);
    const huge = { name: "x", dtype: "F64", shape: [2 ** 26, 2 ** 23] } as const;
    expect(specBytes({ tensors: [huge] })).to.equal(2 ** 52);
    expect(specBytes({ tensors: [huge, { ...huge, name: "y" }] })).to.equal(undefined);
    expect(specBytes({ tensors: [{ ...huge, shape: [2 ** 26, 2 ** 26] }] })).to.equal(undefined);
  });
});

describe("The check of values", function () {
  this.timeout(60_000);

  const extremes = [0, -0, 5e-324, 2.2250738585072014e-308, -1.7976931348623157e308, 1.7976931348623157e308];

  it("passes the largest, the smallest and the subnormal numbers", () => {
    checkValues({ name: "x", dtype: "F64", shape: [6], data: Float64Array.from(extremes) });
    const floats = Float32Array.of(0, -0, 1e-45, 1.1754943508222875e-38, -3.4028234663852886e38, 3.4028234663852886e38);
    checkValues({ name: "x", dtype: "F32", shape: [6], data: floats });
  });

  it("finds one unsound value wherever it is, with any payload of NaN", () => {
    const anyBits = fc.oneof(fc.constantFrom(0x7f800000, 0xff800000), fc.integer({ min: 0x7f800001, max: 0x7fffffff }));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 70 }), fc.nat(), anyBits, (count, place, bits) => {
        const data = new Float32Array(count).fill(1e30);
        new Uint32Array(data.buffer)[place % count] = bits;
        const tensor: Tensor = { name: "x", dtype: "F32", shape: [count], data };
        expectRefusal(
          () => {
            checkValues(tensor);
          },
          "weights-not-finite",
          `at index ${place % count} of ${count}`,
        );
        const double: Tensor = { name: "x", dtype: "F64", shape: [count], data: Float64Array.from(data) };
        expectRefusal(
          () => {
            checkValues(double);
          },
          "weights-not-finite",
          `at index ${place % count} of ${count}`,
        );
      }),
    );
  });

  it("has nothing to say of whole numbers", () => {
    checkValues({ name: "x", dtype: "I32", shape: [1], data: Int32Array.of(-1) });
    checkValues({ name: "x", dtype: "I64", shape: [1], data: BigInt64Array.of(-1n) });
    checkValues({ name: "x", dtype: "U8", shape: [1], data: Uint8Array.of(255) });
  });
});
