import { expect } from "chai";
import type { CID } from "multiformats/cid";

import { inspectFile } from "../../../src/storage/inspect.ts";
import { directory, nodeBlock, rawBlock, type Block } from "./hostile-files.ts";

const leaves = ["one", "two", "three"].map((text) => rawBlock(Buffer.from(text.padEnd(30_000))));
const root = nodeBlock({ children: leaves.map(({ cid }) => ({ cid, claims: 30_000 })) });
const [one, two, three] = leaves as [Block, Block, Block];

/** A store that has these blocks. */
function readerOf(blocks: readonly Block[]) {
  const held = new Map(blocks.map(({ cid, bytes }) => [cid.toString(), bytes]));
  return async (cid: CID) => held.get(cid.toString());
}

function damaged({ cid, bytes }: Block): Block {
  const changed = Uint8Array.from(bytes);
  changed[changed.length - 1]! ^= 1;
  return { cid, bytes: changed };
}

describe("inspectFile", () => {
  it("finds a file whole", async () => {
    expect(await inspectFile(root.cid, readerOf([root, ...leaves]))).to.deep.equal({ state: "whole" });
    expect(await inspectFile(one.cid, readerOf([one]))).to.deep.equal({ state: "whole" });
  });

  it("misses a leaf, a node, and everything", async () => {
    for (const blocks of [[root, one, three], leaves, []]) {
      expect(await inspectFile(root.cid, readerOf(blocks))).to.deep.equal({ state: "missing" });
    }
    expect(await inspectFile(one.cid, readerOf([]))).to.deep.equal({ state: "missing" });
  });

  it("names the block that is damaged, also beside others that are missing", async () => {
    const found = async (...blocks: Block[]) => inspectFile(root.cid, readerOf(blocks));
    expect(await found(root, one, damaged(two), three)).to.deep.equal({ state: "damaged", block: two.cid.toString() });
    expect(await found(root, damaged(three))).to.deep.equal({ state: "damaged", block: three.cid.toString() });
    expect(await found(damaged(root), ...leaves)).to.deep.equal({ state: "damaged", block: root.cid.toString() });
  });

  it("leaves what is as it should be, and no file, to the reader", async () => {
    const blocks = directory();
    expect(await inspectFile(blocks[0].cid, readerOf(blocks))).to.deep.equal({ state: "whole" });
  });

  it("passes on what goes wrong in the store", async () => {
    const reason = new Error("the disk is gone");
    const read = async () => Promise.reject(reason);
    expect(await inspectFile(root.cid, read).catch((error: unknown) => error)).to.equal(reason);
  });
});
