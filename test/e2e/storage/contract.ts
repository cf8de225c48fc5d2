import { createCipheriv, createHash } from "node:crypto";

import { expect } from "chai";
import { importFile } from "ipfs-unixfs-importer";
import type { CID } from "multiformats/cid";

import { StoreError } from "../../../src/storage/errors.ts";
import type { Store } from "../../../src/storage/store.ts";
import type { ContentId } from "../../../src/weights/content-id.ts";
import { DAG_PB, RAW, formatContentId, fromCid } from "../../../src/weights/content-id.ts";
import { unixfsOptions } from "../../../src/weights/unixfs.ts";
import type { Block } from "../../unit/storage/hostile-files.ts";
import {
  directory,
  fileThatClaimsLess,
  fileThatClaimsMore,
  nodeBlock,
  rawBlock,
} from "../../unit/storage/hostile-files.ts";

export interface OpenedStore {
  readonly store: Store;
  /** Puts a block into the store beneath its interface, as somebody with other tools could. */
  plant(block: Block): Promise<void>;
  close(): Promise<void>;
}

const MiB = 1024 * 1024;

/** Bytes that look random and are the same every time; `seed` makes another file of them. */
export function someBytes(length: number, seed = "some bytes"): Uint8Array {
  const key = createHash("sha256").update(seed).digest();
  return new Uint8Array(createCipheriv("aes-256-ctr", key, Buffer.alloc(16)).update(Buffer.alloc(length)));
}

export async function contentIdByOptions(content: Uint8Array): Promise<ContentId> {
  const blockstore = { put: async (cid: CID): Promise<CID> => cid };
  return fromCid((await importFile({ content }, blockstore, unixfsOptions)).cid);
}

/** The code of the StoreError that a promise is rejected with. */
export async function storeErrorOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof StoreError) return error.code;
    throw error;
  }
  throw new Error("expected a StoreError, and nothing was thrown");
}

/** What every {@link Store} does, whatever is beneath it. */
export function storeContract(name: string, open: () => Promise<OpenedStore>): void {
  describe(`${name} as a store`, function () {
    this.timeout(60_000);
    let opened: OpenedStore;
    let store: Store;

    before(async () => {
      opened = await open();
      store = opened.store;
    });
    after(() => opened.close());

    const sizes: [string, number, number][] = [
      ["0 bytes", 0, RAW],
      ["10 bytes", 10, RAW],
      ["1 MiB", MiB, RAW],
      ["1 MiB and a byte", MiB + 1, DAG_PB],
      ["5 MB", 5_000_000, DAG_PB],
    ];
    for (const [title, size, codec] of sizes) {
      it(`gives back a file of ${title} under the content id that the UnixFS options give it`, async () => {
        const bytes = someBytes(size);
        const id = await store.add(bytes);
        expect(id).to.deep.equal(await contentIdByOptions(bytes));
        expect(id.codec).to.equal(codec);
        const read = await store.get(id, { maxBytes: size });
        expect(Buffer.compare(read, bytes)).to.equal(0);
        expect(await store.has(id)).to.be.true;
      });
    }

    it("adds the same file twice without complaint", async () => {
      const first = await store.add(someBytes(2 * MiB, "twice"));
      expect(await store.add(someBytes(2 * MiB, "twice"))).to.deep.equal(first);
    });

    it("reads a file made of equal chunks", async () => {
      const id = await store.add(new Uint8Array(3 * MiB));
      expect((await store.get(id, { maxBytes: 3 * MiB })).length).to.equal(3 * MiB);
    });

    it("tells how far it has come, up to the whole file", async () => {
      const id = await store.add(someBytes(3 * MiB));
      const seen: number[] = [];
      await store.get(id, { maxBytes: 3 * MiB, onProgress: (bytes) => seen.push(bytes) });
      expect(seen.at(-1)).to.equal(3 * MiB);
      expect(seen).to.deep.equal([...seen].sort((a, b) => a - b));
    });

    it("refuses a file of one byte more than is allowed, whether of one block or of many", async () => {
      for (const size of [1000, 3 * MiB]) {
        const id = await store.add(someBytes(size));
        expect(await storeErrorOf(store.get(id, { maxBytes: size - 1 }))).to.equal("too-large");
      }
    });

    it("refuses a directory as malformed", async () => {
      expect(await storeErrorOf(getPlanted(directory(), 1000))).to.equal("malformed");
    });

    it("refuses a file that claims fewer bytes than it has, before it has read more than is allowed", async () => {
      expect(await storeErrorOf(getPlanted(fileThatClaimsLess(), 1_500_000))).to.equal("too-large");
    });

    it("refuses a file that claims more bytes than it has as malformed", async () => {
      expect(await storeErrorOf(getPlanted(fileThatClaimsMore(), 10 * MiB))).to.equal("malformed");
    });

    it("does not find, have or pin a file that nobody gave it", async () => {
      const id = await contentIdByOptions(someBytes(100, "nowhere"));
      const started = performance.now();
      expect(await storeErrorOf(store.get(id, { maxBytes: 100, timeoutMilliseconds: 500 }))).to.equal("not-found");
      expect(performance.now() - started).to.be.below(5_000);
      expect(await store.has(id)).to.be.false;
      expect(await storeErrorOf(store.pin(id))).to.equal("not-found");
    });

    it("does not have a file of which a block is missing", async () => {
      const there = rawBlock(someBytes(1000, "there"));
      const missing = rawBlock(someBytes(1000, "missing"));
      const root = nodeBlock({ children: [there, missing].map(({ cid }) => ({ cid, claims: 1000 })) });
      await plantAll([root, there]);
      expect(await store.has(fromCid(root.cid))).to.be.false;
      expect(await store.inspect(fromCid(root.cid))).to.deep.equal({ state: "missing" });
      await opened.plant(missing);
      expect(await store.has(fromCid(root.cid))).to.be.true;
      expect(await store.inspect(fromCid(root.cid))).to.deep.equal({ state: "whole" });
    });

    it("rejects with the signal's reason when that is aborted", async () => {
      const id = await store.add(someBytes(10));
      const reason = new Error("changed my mind");
      const signal = AbortSignal.abort(reason);
      for (const attempt of [store.get(id, { maxBytes: 10, signal }), store.add(someBytes(10), signal)]) {
        expect(await attempt.catch((error: unknown) => error)).to.equal(reason);
      }
    });

    it("pins and unpins as often as one likes", async () => {
      const id = await store.add(someBytes(2 * MiB, "pinned"));
      await store.pin(id);
      await store.pin(id);
      await store.unpin(id);
      await store.unpin(id);
      await store.pin(id);
      expect(await store.has(id)).to.be.true;
    });

    it("names its peer in each of its addresses", async () => {
      for (const address of await store.addresses()) expect(address).to.match(/\/p2p\/\w+$/);
    });

    it("ignores providers that are no multiaddresses when the file is here", async () => {
      const id = await store.add(someBytes(10));
      const providers = ["", "nonsense", "/ip4/127.0.0.1/tcp/1", "/ip4/127.0.0.1/udp/1/p2p/x", "https://example.org"];
      expect((await store.get(id, { maxBytes: 10, providers })).length).to.equal(10);
    });

    // The last one: the store is of no use after it.
    it("says that it was stopped once it was, and stops twice without complaint", async () => {
      const id = await store.add(someBytes(10));
      await store.stop();
      await store.stop();
      expect(await storeErrorOf(store.get(id, { maxBytes: 10 }))).to.equal("unavailable");
      expect(await storeErrorOf(store.has(id))).to.equal("unavailable");
    });

    async function plantAll(blocks: readonly Block[]): Promise<void> {
      for (const block of blocks) await opened.plant(block);
    }

    async function getPlanted(blocks: readonly [Block, ...Block[]], maxBytes: number): Promise<Uint8Array> {
      await plantAll(blocks);
      const id = fromCid(blocks[0].cid);
      return store.get(id, { maxBytes, timeoutMilliseconds: 2_000 }).catch((error: unknown) => {
        if (error instanceof StoreError) expect(error.message).to.contain(formatContentId(id));
        throw error;
      });
    }
  });
}
