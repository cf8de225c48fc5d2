import { expect } from "chai";

import type { WeightsErrorCode } from "../../../src/weights/errors.ts";
import { decodeWeights } from "../../../src/weights/safetensors.ts";
import { expectRefusal, fileOf } from "./samples.ts";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A header with the tensor "x" of these properties. */
const withX = (properties: string): string => `{"x":{${properties}}}`;
const entry = (dtype: string, shape: string, offsets: string): string =>
  withX(`"dtype":${dtype},"shape":${shape},"data_offsets":${offsets}`);
const u8 = (name: string, begin: number, end: number): string =>
  `${JSON.stringify(name)}:{"dtype":"U8","shape":[${end - begin}],"data_offsets":[${begin},${end}]}`;

type Row = [what: string, file: Uint8Array, code: WeightsErrorCode, fragment: string];

const hugeLength = Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 255, 123, 125);
const longerThanFile = Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 0, 123, 125);

const refused: Row[] = [
  // The file around the header.
  ["no bytes at all", new Uint8Array(0), "weights-malformed", "only 0 bytes"],
  ["seven bytes", new Uint8Array(7), "weights-malformed", "only 7 bytes"],
  ["a header length of 2^64 - 1", hugeLength, "weights-header", "18446744073709551615"],
  ["a header longer than the file", longerThanFile, "weights-malformed", "within its header"],
  ["data without a tensor", fileOf("{}", new Uint8Array(1)), "weights-malformed", "0 bytes of tensors, and 1"],
  ["data cut short", fileOf(`{${u8("x", 0, 2)}}`, new Uint8Array(1)), "weights-malformed", "2 bytes of tensors, and 1"],
  ["data too long", fileOf(`{${u8("x", 0, 2)}}`, new Uint8Array(3)), "weights-malformed", "2 bytes of tensors, and 3"],

  // The header as text.
  ["an empty header", fileOf(""), "weights-header", 'not with "{"'],
  ["a header that begins with a space", fileOf(" {}"), "weights-header", 'begins with " "'],
  ["a byte order mark", fileOf("\ufeff{}"), "weights-header", "begins with"],
  ["an array", fileOf("[]"), "weights-header", 'begins with "["'],
  ["bytes that are not UTF-8", fileOf(Uint8Array.of(123, 255, 125)), "weights-header", "not UTF-8"],
  ["an overlong UTF-8 form", fileOf(Uint8Array.of(123, 0xc0, 0xa2, 125)), "weights-header", "not UTF-8"],
  ["a surrogate in UTF-8", fileOf(Uint8Array.of(123, 34, 0xed, 0xa0, 0x80, 34)), "weights-header", "not UTF-8"],
  ["an object without an end", fileOf("{"), "weights-header", "its end at character 1"],
  ["something after the object", fileOf("{} x"), "weights-header", 'has "x" at character 3'],
  ["a second object", fileOf("{}{}"), "weights-header", "nothing more"],
  ["zero bytes as padding", fileOf("{}\0"), "weights-header", "nothing more"],
  ["a trailing comma", fileOf(`{${u8("x", 0, 0)},}`), "weights-header", "where a string must be"],
  ["a key without quotes", fileOf("{x:1}"), "weights-header", "where a string must be"],
  ["a key in single quotes", fileOf("{'x':1}"), "weights-header", "where a string must be"],
  ["a string without an end", fileOf('{"x'), "weights-header", "a string with an end"],
  ["a string that ends in an escape", fileOf('{"x\\'), "weights-header", "a string with an end"],
  ["an unknown escape", fileOf('{"\\x":{}}'), "weights-header", "not a JSON string"],
  ["a line break in a string", fileOf('{"\n":{}}'), "weights-header", "not a JSON string"],
  ["a lone surrogate in an escape", fileOf('{"\\ud800":{}}'), "weights-header", "not a JSON string"],
  ["a comment", fileOf("{/**/}"), "weights-header", "where a string must be"],
  ["no colon", fileOf('{"x"}'), "weights-header", 'where ":" must be'],

  // Keys.
  ["a tensor twice", fileOf(`{${u8("x", 0, 0)},${u8("x", 0, 0)}}`), "weights-header", '"x" twice'],
  ["a tensor twice, once escaped", fileOf(`{${u8("x", 0, 0)},"\\u0078":{}}`), "weights-header", '"x" twice'],
  ["metadata twice", fileOf('{"__metadata__":{},"__metadata__":{}}'), "weights-header", "twice"],
  ["a key of the metadata twice", fileOf('{"__metadata__":{"a":"","a":""}}'), "weights-header", '"a" twice'],
  ["a property twice", fileOf(withX('"dtype":"U8","dtype":"U8"')), "weights-header", '"dtype" twice'],
  ["an unknown property", fileOf(withX('"strides":[1]')), "weights-header", '"strides"'],
  ["a tensor without properties", fileOf(withX("")), "weights-header", "needs a dtype"],
  ["a tensor without a dtype", fileOf(withX('"shape":[],"data_offsets":[0,1]')), "weights-header", "needs a dtype"],
  ["a tensor without a shape", fileOf(withX('"dtype":"U8","data_offsets":[0,1]')), "weights-header", "a shape"],
  ["a tensor without offsets", fileOf(withX('"dtype":"U8","shape":[]')), "weights-header", "two data_offsets"],
  ["a tensor that is null", fileOf('{"x":null}'), "weights-header", 'where "{" must be'],
  ["a tensor that is an array", fileOf('{"x":["U8",[1],[0,1]]}'), "weights-header", 'where "{" must be'],

  // Metadata.
  ["metadata that are null", fileOf('{"__metadata__":null}'), "weights-header", 'where "{" must be'],
  ["a number in the metadata", fileOf('{"__metadata__":{"steps":1}}'), "weights-header", "where a string must be"],
  ["an object in the metadata", fileOf('{"__metadata__":{"a":{}}}'), "weights-header", "where a string must be"],
  ["half a step", fileOf('{"__metadata__":{"steps":"0.5"}}'), "weights-header", 'steps "0.5"'],
  ["negative samples", fileOf('{"__metadata__":{"samples":"-1"}}'), "weights-header", 'samples "-1"'],
  ["an empty epsilon", fileOf('{"__metadata__":{"epsilon":""}}'), "weights-header", 'epsilon ""'],
  ["an infinite epsilon", fileOf('{"__metadata__":{"epsilon":"1e999"}}'), "weights-header", 'epsilon "1e999"'],
  ["a delta that is no number", fileOf('{"__metadata__":{"delta":"1e-5x"}}'), "weights-header", "delta"],

  // Element types.
  ["an element type not known here", fileOf(entry('"F16"', "[1]", "[0,2]")), "weights-dtype", '"F16"; known are F32'],
  ["an element type in small letters", fileOf(entry('"f32"', "[1]", "[0,4]")), "weights-dtype", '"f32"'],
  ["a type every object has", fileOf(entry('"toString"', "[1]", "[0,4]")), "weights-dtype", '"toString"'],
  ["an element type that is a number", fileOf(entry("1", "[1]", "[0,4]")), "weights-header", "a string must be"],

  // Numbers.
  ["a shape that is a number", fileOf(entry('"U8"', "1", "[0,1]")), "weights-header", 'where "[" must be'],
  ["a negative length", fileOf(entry('"U8"', "[-1]", "[0,1]")), "weights-header", "an unsigned integer must be"],
  ["minus zero", fileOf(entry('"U8"', "[-0]", "[0,0]")), "weights-header", "an unsigned integer must be"],
  ["a length with a fraction", fileOf(entry('"U8"', "[1.0]", "[0,1]")), "weights-header", 'where "]" must be'],
  ["a length with an exponent", fileOf(entry('"U8"', "[1e0]", "[0,1]")), "weights-header", 'where "]" must be'],
  ["a length with a leading zero", fileOf(entry('"U8"', "[01]", "[0,1]")), "weights-header", "an unsigned integer"],
  ["a length in quotes", fileOf(entry('"U8"', '["1"]', "[0,1]")), "weights-header", "an unsigned integer must be"],
  ["a length beyond 2^53", fileOf(entry('"U8"', "[9007199254740993]", "[0,1]")), "weights-header", "too large"],
  ["one offset", fileOf(entry('"U8"', "[]", "[0]")), "weights-header", "two data_offsets"],
  ["three offsets", fileOf(entry('"U8"', "[]", "[0,1,1]")), "weights-header", "two data_offsets"],

  // Places.
  ["a hole at the start", fileOf(`{${u8("x", 1, 2)}}`, new Uint8Array(2)), "weights-malformed", "1 to 2, after 0"],
  ["a hole", fileOf(`{${u8("x", 0, 1)},${u8("y", 2, 3)}}`, new Uint8Array(3)), "weights-malformed", "2 to 3, after 1"],
  ["an overlap", fileOf(`{${u8("x", 0, 2)},${u8("y", 1, 3)}}`, new Uint8Array(3)), "weights-malformed", "after 2"],
  ["one place twice", fileOf(`{${u8("x", 0, 1)},${u8("y", 0, 1)}}`, new Uint8Array(1)), "weights-malformed", "after 1"],
  ["an empty tensor inside another", fileOf(`{${u8("x", 0, 2)},${u8("y", 1, 1)}}`), "weights-malformed", "after 2"],
  ["an end before its begin", fileOf(entry('"U8"', "[1]", "[0,0]")), "weights-malformed", "needs 1 bytes, not 0"],
  ["offsets that run backwards", fileOf(entry('"U8"', "[0]", "[1,0]")), "weights-malformed", "1 to 0"],
  [
    "a span shorter than the shape",
    fileOf(entry('"F32"', "[2]", "[0,4]")),
    "weights-malformed",
    "needs 8 bytes, not 4",
  ],
  ["a span longer than the shape", fileOf(entry('"F32"', "[]", "[0,8]")), "weights-malformed", "needs 4 bytes, not 8"],
  [
    "a count that is 0 modulo 2^64",
    fileOf(entry('"U8"', "[4294967296,4294967296]", "[0,0]")),
    "weights-malformed",
    "more than can be counted",
  ],
  [
    "a count of bytes that overflows though the count of elements does not",
    fileOf(entry('"F64"', "[2251799813685248]", "[0,0]")),
    "weights-malformed",
    "more than can be counted",
  ],
  [
    "data of a petabyte",
    fileOf(entry('"U8"', "[1125899906842624]", "[0,1125899906842624]")),
    "weights-malformed",
    "1125899906842624 bytes of tensors, and 0 follow",
  ],
];

describe("A file's header", () => {
  for (const [what, file, code, fragment] of refused) {
    it(`is refused with ${code} for ${what}`, () => {
      expectRefusal(() => decodeWeights(file), code, fragment);
    });
  }

  it("may have space wherever JSON may, and after it", () => {
    const header = '{ "x"\t:\r\n{ "dtype" : "U8" , "shape" : [ 1 , 1 ] , "data_offsets" : [ 0 , 1 ] } } \n';
    const { tensors } = decodeWeights(fileOf(header, Uint8Array.of(5)));
    expect(tensors).to.deep.equal([{ name: "x", dtype: "U8", shape: [1, 1], data: Uint8Array.of(5) }]);
  });

  it("may name a tensor as it likes", () => {
    const names = ["", "__proto__", "constructor", 'quote " and \\', "\u2028", "größe"];
    const header = `{${names.map((name) => u8(name, 0, 0)).join(",")}}`;
    expect(decodeWeights(fileOf(header)).tensors.map(({ name }) => name)).to.deep.equal(names);
  });

  it("is not quoted at length in an error, whatever it holds", () => {
    for (const name of ["n".repeat(100_000), "\u0007\u001b[2J\n", "\\\\".repeat(50_000)]) {
      const header = `{${JSON.stringify(name)}:1}`;
      expectRefusal(() => decodeWeights(fileOf(header)), "weights-header");
    }
  });

  it("is read in one pass even when it is one long string or a thousand brackets deep", () => {
    for (const header of [`{"${"x".repeat(1_000_000)}`, `{${'"a":{'.repeat(10_000)}`, `{"x":${"[".repeat(500_000)}`]) {
      expectRefusal(() => decodeWeights(fileOf(utf8(header))), "weights-header");
    }
  });
});
