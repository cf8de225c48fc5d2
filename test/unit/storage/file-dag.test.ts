import { expect } from "chai";
import type { CID } from "multiformats/cid";

import { StoreError } from "../../../src/storage/errors.ts";
import { blocksOf, isBlockOf, readFile } from "../../../src/storage/file-dag.ts";
import type { Block, Blocks } from "./hostile-files.ts";
import {
  directory,
  fileOfLinks,
  fileThatClaimsLess,
  fileThatClaimsMore,
  fileWithShortHash,
  nodeBlock,
  rawBlock,
} from "./hostile-files.ts";

const bytes = (length: number, fill = 7): Uint8Array => new Uint8Array(length).fill(fill);
const MiB = 1024 * 1024;

describe("readFile", () => {
  it("joins the leaves of several layers in their order, however they come in", async () => {
    const leaves = [1, 2, 3, 4].map((fill) => rawBlock(bytes(fill * 100, fill)));
    const left = nodeBlock({ children: leaves.slice(0, 2).map((leaf) => link(leaf)) });
    const right = nodeBlock({ children: leaves.slice(2).map((leaf) => link(leaf)) });
    const root = nodeBlock({ children: [link(left, 300), link(right, 700)] });
    const source = sourceOf([root, left, right, ...leaves]);
    const lastFirst = async (cid: CID): Promise<Uint8Array> => {
      const block = await source.read(cid);
      for (let turn = block.length; turn < 500; turn += 1) await Promise.resolve();
      return block;
    };
    const file = await readFile(root.cid, lastFirst, { maxBytes: 1000, concurrency: 4 });
    expect(Buffer.compare(file, Buffer.concat(leaves.map((leaf) => leaf.bytes)))).to.equal(0);
  });

  it("reads bytes that are in the node itself, as other tools store them", async () => {
    const leaf = nodeBlock({ data: bytes(10) });
    const raw = nodeBlock({ type: "raw", data: bytes(20) });
    const root = nodeBlock({ children: [link(leaf, 10), link(raw, 20)] });
    expect(await read([leaf])).to.have.length(10);
    expect(await read([root, leaf, raw])).to.have.length(30);
    expect(await read([nodeBlock({})])).to.have.length(0);
  });

  it("asks for no more blocks at once than it may", async () => {
    const leaves = Array.from({ length: 20 }, (_, index) => rawBlock(bytes(100, index)));
    const root = nodeBlock({ children: leaves.map((leaf) => link(leaf)) });
    const source = sourceOf([root, ...leaves]);
    let running = 0;
    let most = 0;
    await readFile(
      root.cid,
      async (cid) => {
        most = Math.max(most, (running += 1));
        await new Promise(setImmediate);
        running -= 1;
        return source.read(cid);
      },
      { maxBytes: 2000, concurrency: 3 },
    );
    expect(most).to.equal(3);
  });

  it("asks for nothing but the root of a file that claims too much", async () => {
    const leaf = rawBlock(bytes(1000));
    const source = sourceOf([nodeBlock({ children: [link(leaf), link(leaf)] }), leaf]);
    expect(await codeOf(readFile(source.root, source.read, { maxBytes: 1999, concurrency: 8 }))).to.equal("too-large");
    expect(source.asked).to.have.length(1);
  });

  it("reads a file whose node has 1024 links", async () => {
    expect(await read(fileOfLinks(1024), 16 * MiB)).to.have.length(16 * MiB);
  });

  it("asks for nothing under a link of a shortened hash", async () => {
    const source = sourceOf(fileWithShortHash());
    expect(await codeOf(readFile(source.root, source.read, { maxBytes: 1000, concurrency: 8 }))).to.equal("malformed");
    expect(source.asked).to.have.length(1);
  });

  it("stops at too many links or sizes before it decodes what comes after them", async () => {
    const [{ cid, bytes: links }] = fileOfLinks(2000);
    const endless = Buffer.concat([links, bytes(9, 255)]);
    expect((await errorOf(read([{ cid, bytes: endless }]))).message).to.contain("more than 1024 links");
    const sizes = nodeBlock({ sizes: new Array<number>(2000).fill(1) });
    expect((await errorOf(read([sizes]))).message).to.contain("more than 1024 sizes");
  });

  it("passes on the failure of a block", async () => {
    const failure = new Error("gone");
    const root = nodeBlock({ children: [link(rawBlock(bytes(10)))] });
    const readOnlyRoot = async (cid: CID): Promise<Uint8Array> => {
      if (cid.equals(root.cid)) return root.bytes;
      throw failure;
    };
    const failed: unknown = await readFile(root.cid, readOnlyRoot, { maxBytes: 10, concurrency: 8 }).catch(
      (error: unknown) => error,
    );
    expect(failed).to.equal(failure);
  });

  const hostile: [string, Blocks, string, number?][] = [
    ["a directory", directory(), "malformed"],
    ["a symbolic link", [nodeBlock({ type: "symlink", data: bytes(5) })], "malformed"],
    ["a node that is no protobuf", [{ ...nodeBlock({}), bytes: bytes(50, 255) }], "malformed"],
    ["a file with larger leaves than it claims", fileThatClaimsLess(), "malformed"],
    ["a file with larger leaves than it claims and than is allowed", fileThatClaimsLess(), "too-large", 1_500_000],
    ["a file with smaller leaves than it claims", fileThatClaimsMore(), "malformed"],
    ["a file with empty leaves", [nodeBlock({ children: [link(rawBlock(bytes(0)))] })], "malformed"],
    ["a node with bytes and links", [nodeBlock({ data: bytes(1), children: [link(rawBlock(bytes(1)))] })], "malformed"],
    ["a leaf above what bitswap carries", [rawBlock(bytes(2 * 1024 * 1024 + 1))], "malformed"],
    ["a file in crumbs", crumbs(), "malformed"],
    ["a file of too many layers", tower(), "malformed"],
    ["a node below that claims another size than its parent says", disagreement(), "malformed"],
    ["a file with a link of a shortened hash", fileWithShortHash(), "malformed"],
    ["a node of more than 1024 links", fileOfLinks(1025), "malformed"],
    ["a file of more bytes than an array can have", immense(), "too-large", Number.MAX_SAFE_INTEGER],
    ["a block of more bytes than are allowed", [rawBlock(bytes(11))], "too-large", 10],
  ];
  for (const [title, blocks, code, maxBytes = 100_000_000] of hostile) {
    it(`refuses ${title} as ${code}`, async () => {
      expect(await codeOf(read(blocks, maxBytes))).to.equal(code);
    });
  }
});

describe("blocksOf", () => {
  it("names every block once it may be there, without reading leaves", async () => {
    const leaves = [1, 2, 3].map((fill) => rawBlock(bytes(100, fill)));
    const inner = nodeBlock({ children: leaves.slice(1).map((leaf) => link(leaf)) });
    const root = nodeBlock({ children: [link(leaves[0]!), link(inner, 200)] });
    const source = sourceOf([root, inner]);
    const named: string[] = [];
    for await (const cid of blocksOf(root.cid, source.read)) named.push(cid.toString());
    expect(named).to.have.members([root, inner, ...leaves].map(({ cid }) => cid.toString()));
  });

  it("names a file of one block", async () => {
    const leaf = rawBlock(bytes(10));
    const named: CID[] = [];
    for await (const cid of blocksOf(leaf.cid, () => Promise.reject(new Error("read")))) named.push(cid);
    expect(named).to.deep.equal([leaf.cid]);
  });
});

describe("isBlockOf", () => {
  it("tells a block from any other bytes", () => {
    const { cid } = rawBlock(bytes(10));
    expect(isBlockOf(cid, bytes(10))).to.be.true;
    expect(isBlockOf(cid, bytes(11))).to.be.false;
  });
});

function link({ cid, bytes: { length } }: Block, claims = length): { cid: CID; claims: number } {
  return { cid, claims };
}

/** 10 000 leaves of one byte. */
function crumbs(): Blocks {
  const leaf = rawBlock(bytes(1));
  const inner = nodeBlock({ children: Array.from({ length: 1000 }, () => link(leaf)) });
  return [nodeBlock({ children: Array.from({ length: 10 }, () => link(inner, 1000)) }), inner, leaf];
}

function immense(): Blocks {
  const leaf = rawBlock(bytes(1000));
  return [nodeBlock({ children: [link(leaf, 2 ** 50), link(leaf, 2 ** 50)] }), leaf];
}

/** A leaf under twenty nodes. */
function tower(): Blocks {
  const blocks: Blocks = [rawBlock(bytes(1))];
  while (blocks.length < 20) blocks.unshift(nodeBlock({ children: [link(blocks[0], 1)] }));
  return blocks;
}

function disagreement(): Blocks {
  const leaf = rawBlock(bytes(100));
  const inner = nodeBlock({ children: [link(leaf), link(leaf)] });
  return [nodeBlock({ children: [link(inner, 100)] }), inner, leaf];
}

function sourceOf([root, ...others]: Blocks): {
  root: CID;
  asked: CID[];
  read: (cid: CID) => Promise<Uint8Array>;
} {
  const blocks = new Map([root, ...others].map((block) => [block.cid.toString(), block.bytes]));
  const asked: CID[] = [];
  return {
    root: root.cid,
    asked,
    async read(cid) {
      asked.push(cid);
      const block = blocks.get(cid.toString());
      if (block === undefined) throw new Error(`no block ${cid.toString()}`);
      return block;
    },
  };
}

function read(blocks: Blocks, maxBytes = 1000): Promise<Uint8Array> {
  const source = sourceOf(blocks);
  return readFile(source.root, source.read, { maxBytes, concurrency: 8 });
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return (await errorOf(promise)).code;
}

async function errorOf(promise: Promise<unknown>): Promise<StoreError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).to.be.instanceOf(StoreError);
  return error as StoreError;
}
