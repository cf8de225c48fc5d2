import { expect } from "chai";

import { hasMoreFieldsThan } from "../../../src/storage/protobuf.ts";

describe("hasMoreFieldsThan", () => {
  const fields: [string, number[]][] = [
    ["numbers", [0x18, 0x96, 0x01]],
    ["64 bits", [0x19, 1, 2, 3, 4, 5, 6, 7, 8]],
    ["32 bits", [0x1d, 1, 2, 3, 4]],
    ["bytes", [0x1a, 3, 0x18, 0x18, 0x18]],
    ["bytes under a key and with a length that are longer than they need be", [0x9a, 0x00, 0x83, 0x00, 1, 2, 3]],
  ];
  for (const [title, field] of fields) {
    it(`counts fields of ${title}`, () => {
      const message = Uint8Array.from([...field, ...field, ...field]);
      expect(hasMoreFieldsThan(message, 2)).to.be.true;
      expect(hasMoreFieldsThan(message, 3)).to.be.false;
    });
  }

  it("has none in an empty message", () => {
    expect(hasMoreFieldsThan(new Uint8Array(), 0)).to.be.false;
  });

  it("reads no further than it must", () => {
    expect(hasMoreFieldsThan(Uint8Array.from([0x18, 1, 0x18, 1, 0xff]), 1)).to.be.true;
  });

  it("ends at a field that claims more bytes than the message has", () => {
    expect(hasMoreFieldsThan(Uint8Array.from([0x1a, ...new Array<number>(9).fill(0xff), 0x01, 0x18, 1]), 1)).to.be
      .false;
  });

  for (const [title, message] of [
    ["a group", [0x1b, 0x1c]],
    ["a number that does not end", [0x18, 0x80]],
    ["a number of more than ten bytes", new Array<number>(12).fill(0x80)],
  ] as const) {
    it(`refuses ${title}`, () => {
      expect(() => hasMoreFieldsThan(Uint8Array.from(message), 10)).to.throw(/^protobuf: /);
    });
  }
});
