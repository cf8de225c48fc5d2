import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { expect } from "chai";
import { CID } from "multiformats/cid";
import * as raw from "multiformats/codecs/raw";
import { sha256 } from "multiformats/hashes/sha2";

import { blockName, Collected } from "../../../src/storage/collected.ts";
import { DiskBlockstore } from "../../../src/storage/disk-blockstore.ts";

async function cidOf(bytes: Uint8Array): Promise<CID> {
  return CID.createV1(raw.code, await sha256.digest(bytes));
}

describe("DiskBlockstore", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "colearn-blocks-"));
  });

  afterEach(() => rm(folder, { recursive: true, force: true }));

  it("lists its blocks, and removes what was half written long ago but not what is being written", async () => {
    const store = new DiskBlockstore(folder);
    const blocks = [1, 2, 3].map((byte) => Uint8Array.of(byte));
    const cids = await Promise.all(blocks.map(cidOf));
    for (const [index, cid] of cids.entries()) await store.put(cid, blocks[index]!);
    const [file] = await files();
    const [old, fresh] = [join(folder, `${file!}.old`), join(folder, `${file!}.fresh`)];
    for (const path of [old, fresh]) await writeFile(path, "half");
    await utimes(old, 0, 0);
    const keys: string[] = [];
    for await (const cid of store.keys()) keys.push(blockName(cid));
    expect(keys).to.have.members(cids.map(blockName));
    const left = await files();
    expect(left).to.include(`${file!}.fresh`).and.not.to.include(`${file!}.old`);
    expect(left).to.have.length(4);
  });

  async function files(): Promise<string[]> {
    const all = await readdir(folder, { recursive: true });
    return all.filter((name) => dirname(name) !== ".");
  }
});

describe("Collected", () => {
  it("knows what was removed after a connection was opened", async () => {
    const collected = new Collected();
    const [removed, other] = [await cidOf(Uint8Array.of(1)), await cidOf(Uint8Array.of(2))];
    collected.add(removed);
    expect([collected.isSince(removed, 0), collected.isSince(other, 0)]).to.deep.equal([true, false]);
    expect(collected.isSince(removed, Infinity)).to.be.false;
  });

  it("forgets the oldest of very many", async () => {
    const collected = new Collected();
    const cids = await Promise.all(Array.from({ length: 10_001 }, (_, n) => cidOf(Buffer.from(String(n)))));
    for (const cid of cids) collected.add(cid);
    expect(cids.filter((cid) => !collected.isSince(cid, 0))).to.deep.equal([cids[0]]);
  });
});
