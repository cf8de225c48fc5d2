import { expect } from "chai";
import fc from "fast-check";

import { decodeWeights, encodedLength, encodeWeights } from "../../../src/weights/safetensors.ts";
import type { Tensor, Weights } from "../../../src/weights/weights.ts";
import { anyWeights, dense, expectRefusal, expectSameWeights, fileOf } from "./samples.ts";

const bytesOfText = (text: string): number[] => [...new TextEncoder().encode(text)];

describe("Encoding weights", () => {
  it("writes the header's length, the header padded to 8 bytes, and the tensors in the given order", () => {
    const tensors: Tensor[] = [
      { name: "bb", dtype: "U8", shape: [3], data: Uint8Array.of(1, 2, 3) },
      { name: "a", dtype: "F32", shape: [], data: Float32Array.of(1) },
    ];
    const header =
      '{"__metadata__":{"steps":"7","delta":"0.00001"},' +
      '"bb":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"a":{"dtype":"F32","shape":[],"data_offsets":[3,7]}}       ';
    expect(header.length % 8).to.equal(0);
    const file = encodeWeights({ tensors, summary: { delta: 1e-5, steps: 7 } });
    const prefix = [header.length, 0, 0, 0, 0, 0, 0, 0];
    expect([...file]).to.deep.equal([...prefix, ...bytesOfText(header), 1, 2, 3, 0, 0, 0x80, 0x3f]);
  });

  it("writes no metadata without a summary", () => {
    const file = encodeWeights({ tensors: [], summary: {} });
    expect([...file]).to.deep.equal([8, 0, 0, 0, 0, 0, 0, 0, ...bytesOfText("{}      ")]);
  });

  it("writes only the part of a buffer that a tensor is a view of", () => {
    const data = Float32Array.of(9, 1, 9).subarray(1, 2);
    const { tensors } = decodeWeights(encodeWeights({ tensors: [{ name: "x", dtype: "F32", shape: [1], data }] }));
    expect(tensors[0]?.data).to.deep.equal(Float32Array.of(1));
  });

  it("tells the file's length beforehand", () => {
    fc.assert(
      fc.property(anyWeights, (weights) => {
        expect(encodedLength(weights)).to.equal(encodeWeights(weights).length);
      }),
    );
  });

  const one: Tensor = { name: "x", dtype: "U8", shape: [1], data: Uint8Array.of(1) };
  for (const [what, weights, fragment] of [
    ["a name twice", { tensors: [one, one] }, '"x" is there twice'],
    ["the name of the metadata", { tensors: [{ ...one, name: "__metadata__" }] }, 'the name "__metadata__"'],
    ["a name without a UTF-8 form", { tensors: [{ ...one, name: "\ud800" }] }, "cannot have the name"],
    ["more data than the shape", { tensors: [{ ...one, data: new Uint8Array(2) }] }, "holds 2 bytes"],
    ["fewer data than the shape", { tensors: [{ ...one, shape: [2, 2] }] }, "U8 of shape [2, 2] is 4"],
    ["a negative length", { tensors: [{ ...one, shape: [-1, -1] }] }, "the shape [-1, -1]"],
    ["a broken length", { tensors: [{ ...one, shape: [0.5, 2] }] }, "the shape [0.5, 2]"],
    ["a count beyond exact integers", { tensors: [{ ...one, shape: [2 ** 30, 2 ** 30] }] }, "the shape"],
    ["half a step", { tensors: [], summary: { steps: 0.5 } }, "steps 0.5"],
    ["a negative epsilon", { tensors: [], summary: { epsilon: -1 } }, "epsilon -1"],
    ["an epsilon without a value", { tensors: [], summary: { epsilon: NaN } }, "epsilon NaN"],
    ["an infinite delta", { tensors: [], summary: { delta: Infinity } }, "delta Infinity"],
  ] as [string, Weights, string][]) {
    it(`refuses ${what}`, () => {
      expectRefusal(() => encodeWeights(weights), "weights-malformed", fragment);
    });
  }

  it("refuses a header that no reader would take", () => {
    const weights: Weights = { tensors: [{ ...one, name: "n".repeat(1_048_576) }] };
    expectRefusal(() => encodeWeights(weights), "weights-header", "is over 1048576");
  });
});

describe("Decoding weights", function () {
  this.timeout(60_000);

  it("gives back what was encoded, in its order, with its summary", () => {
    fc.assert(
      fc.property(anyWeights, (weights) => {
        expectSameWeights(decodeWeights(encodeWeights(weights)), weights);
      }),
      { numRuns: 500 },
    );
  });

  it("gives the same from wherever the bytes lie in memory, a Buffer's pool included", () => {
    fc.assert(
      fc.property(anyWeights, fc.integer({ min: 0, max: 9 }), (weights, shift) => {
        const file = encodeWeights(weights);
        const shifted = Buffer.alloc(file.length + shift).subarray(shift);
        shifted.set(file);
        expectSameWeights(decodeWeights(shifted), weights);
      }),
    );
  });

  it("views the bytes where tensors are aligned and copies the others", () => {
    const file = encodeWeights({
      tensors: [
        { name: "double", dtype: "F64", shape: [1], data: Float64Array.of(1) },
        { name: "byte", dtype: "U8", shape: [1], data: Uint8Array.of(1) },
        { name: "float", dtype: "F32", shape: [1], data: Float32Array.of(1) },
      ],
    });
    const shared = decodeWeights(file).tensors.map(({ data }) => data.buffer === file.buffer);
    expect(shared).to.deep.equal([true, true, false]);
  });

  it("keeps the file's order for names that look like numbers, and for empty tensors", () => {
    const names = ["10", "9", "empty", "also empty", "1"];
    const tensors = names.map<Tensor>((name) => {
      const count = name.includes("empty") ? 0 : 1;
      return { name, dtype: "U8", shape: [count], data: new Uint8Array(count) };
    });
    expect(decodeWeights(encodeWeights({ tensors })).tensors.map(({ name }) => name)).to.deep.equal(names);
  });

  it("orders tensors by their place in the file, whatever the header's order", () => {
    const header =
      '{"b":{"data_offsets":[1,2],"shape":[1],"dtype":"U8"}, "a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}';
    const { tensors } = decodeWeights(fileOf(header, Uint8Array.of(7, 8)));
    expect(tensors.map(({ name, data }) => [name, data[0]])).to.deep.equal([
      ["a", 7],
      ["b", 8],
    ]);
  });

  it("takes an empty tensor that its header names after the one at the same place", () => {
    const header =
      '{"full":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"empty":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}';
    const { tensors } = decodeWeights(fileOf(header, Uint8Array.of(7)));
    expect(tensors.map(({ name }) => name)).to.deep.equal(["empty", "full"]);
  });

  it("passes over metadata that are not the summary's", () => {
    const file = fileOf('{"__metadata__":{"format":"pt","steps":"3"}}');
    expect(decodeWeights(file)).to.deep.equal({ tensors: [], summary: { steps: 3 } });
    expect(decodeWeights(fileOf('{"__metadata__":{"format":"pt"}}'))).to.deep.equal({ tensors: [] });
  });

  it("refuses a file above the cap, and takes one at it", () => {
    const file = encodeWeights(dense);
    expectSameWeights(decodeWeights(file, { maxBytes: file.length }), dense);
    const refused = (): unknown => decodeWeights(file, { maxBytes: file.length - 1 });
    expectRefusal(refused, "weights-too-large", `more than ${file.length - 1}`);
  });

  it("refuses a header above the cap, and takes one at it", () => {
    const file = encodeWeights(dense);
    const headerBytes = new DataView(file.buffer).getUint32(0, true);
    expectSameWeights(decodeWeights(file, { maxHeaderBytes: headerBytes }), dense);
    const refused = (): unknown => decodeWeights(file, { maxHeaderBytes: headerBytes - 1 });
    expectRefusal(refused, "weights-header", `more than ${headerBytes - 1}`);
  });
});
