import { createHash } from "node:crypto";

import { expect } from "chai";
import { importFile } from "ipfs-unixfs-importer";
import { fixedSize } from "ipfs-unixfs-importer/chunker";
import type { CID } from "multiformats/cid";

import { DAG_PB, formatContentId, RAW } from "../../../src/weights/content-id.ts";
import { CHUNK_BYTES, contentIdOf, unixfsOptions } from "../../../src/weights/unixfs.ts";

const pattern = (length: number): Uint8Array => new Uint8Array(length).map((_, index) => index % 251);

describe("The content id of bytes", function () {
  this.timeout(60_000);

  // Made by ipfs-unixfs-importer 12.0.1, an older and separate implementation, with raw leaves and chunks of 1 MiB.
  for (const [length, text] of [
    [0, "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"],
    [5, "bafkreiaixnpf23vkyecj5xqispjq5ubcwgsntnnurw2bjby7khe4wnjihu"],
    [CHUNK_BYTES, "bafkreidddocae7lltzjlkooe5a3tmiwsgazn7logjvqk7bzttsidpzhxne"],
    [CHUNK_BYTES + 1, "bafybeidjogjfwuhbzwopgd4bn3skcf5m6oz72xshywcndzxgqb623nfclu"],
    [3_000_000, "bafybeigqr2ulyhu7r6rmratednc5n7y6s4bl4yui725mm45qk7o2ydor3m"],
  ] as const) {
    it(`is that of another implementation for ${length} bytes`, async () => {
      expect(formatContentId(await contentIdOf(pattern(length)))).to.equal(text);
    });
  }

  it("is the plain digest with codec raw up to one chunk, and dag-pb above", async () => {
    const chunk = pattern(CHUNK_BYTES);
    const digest = `0x${createHash("sha256").update(chunk).digest("hex")}`;
    expect(await contentIdOf(chunk)).to.deep.equal({ digest, codec: RAW });
    expect((await contentIdOf(pattern(CHUNK_BYTES + 1))).codec).to.equal(DAG_PB);
  });

  it("comes from nodes of 1024 links, which is shown with chunks of one byte", async () => {
    const nodesOf = async (length: number): Promise<number> => {
      const nodes = new Set<string>();
      const blocks = {
        put: (cid: CID): CID => {
          if (cid.code === DAG_PB) nodes.add(cid.toString());
          return cid;
        },
      };
      await importFile({ content: pattern(length) }, blocks, {
        ...unixfsOptions,
        chunker: fixedSize({ chunkSize: 1 }),
      });
      return nodes.size;
    };
    expect(await nodesOf(1024)).to.equal(1);
    expect(await nodesOf(1026)).to.equal(3);
  });
});
