import { createHash } from "node:crypto";

import { expect } from "chai";
import fc from "fast-check";
import { CID } from "multiformats/cid";

import { ColearnError } from "../../../src/errors.ts";
import {
  DAG_PB,
  formatContentId,
  fromCid,
  parseContentId,
  RAW,
  sameContentId,
  toCid,
} from "../../../src/weights/content-id.ts";

const digest = `0x${createHash("sha256").update("hello world").digest("hex")}`;
const HELLO_WORLD = "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e";

function expectRefusal(work: () => unknown, fragment: string): void {
  expect(work).to.throw(ColearnError, fragment).with.property("code", "content-id");
}

describe("A content id", function () {
  this.timeout(60_000);

  it("has the text form that IPFS gives the same bytes", () => {
    expect(formatContentId({ digest, codec: RAW })).to.equal(HELLO_WORLD);
    expect(parseContentId(HELLO_WORLD)).to.deep.equal({ digest, codec: RAW });
  });

  it("survives the way through a CID and through text", () => {
    const anyId = fc.record({
      digest: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => `0x${Buffer.from(bytes).toString("hex")}`),
      codec: fc.constantFrom(RAW, DAG_PB),
    });
    fc.assert(
      fc.property(anyId, (id) => {
        expect(fromCid(toCid(id))).to.deep.equal(id);
        expect(parseContentId(formatContentId(id))).to.deep.equal(id);
      }),
    );
  });

  it("is the same in upper-case hex, and another with another codec or digest", () => {
    const id = { digest, codec: RAW };
    const upper = `0x${digest.slice(2).toUpperCase()}`;
    expect(sameContentId(id, { digest: upper, codec: RAW })).to.equal(true);
    expect(formatContentId({ digest: upper, codec: RAW })).to.equal(HELLO_WORLD);
    expect(sameContentId(id, { digest, codec: DAG_PB })).to.equal(false);
    expect(sameContentId(id, { digest: digest.replace(/.$/, "0"), codec: RAW })).to.equal(false);
  });

  for (const wrong of ["", "0x", digest.slice(2), digest.slice(0, -1), `${digest}0`, digest.replace(/.$/, "g")]) {
    it(`refuses the digest ${JSON.stringify(wrong)}`, () => {
      expectRefusal(() => toCid({ digest: wrong, codec: RAW }), "32 bytes of hex");
    });
  }

  it("refuses a codec other than raw and dag-pb", () => {
    expectRefusal(() => toCid({ digest, codec: 0x71 }), "0x55 (raw) or 0x70 (dag-pb), not 113");
  });

  for (const [what, cid] of [
    ["a CIDv0", "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG"],
    ["the codec dag-cbor", CID.createV1(0x71, CID.parse(HELLO_WORLD).multihash).toString()],
    ["a hash other than sha2-256", "bafkqaaa"],
  ] as const) {
    it(`refuses ${what}`, () => {
      expectRefusal(() => parseContentId(cid), `${cid} is not a CIDv1 with sha2-256`);
    });
  }

  for (const text of ["", "hello", HELLO_WORLD.slice(0, -1), `${HELLO_WORLD}!`]) {
    it(`refuses ${JSON.stringify(text)}, which is no CID`, () => {
      expectRefusal(() => parseContentId(text), "is not a CID");
    });
  }
});
