import { importFile } from "ipfs-unixfs-importer";
import type { CID } from "multiformats/cid";

import type { ContentId } from "../weights/content-id.ts";
import { fromCid, toCid } from "../weights/content-id.ts";
import { unixfsOptions } from "../weights/unixfs.ts";
import { orAborted } from "./abort.ts";
import { StoreError, onDisk } from "./errors.ts";
import { blockName } from "./collected.ts";
import { fetchFile } from "./fetch-file.ts";
import { blocksOf } from "./file-dag.ts";
import { bytesUnder } from "./folder-size.ts";
import type { HeliaNode } from "./helia-node.ts";
import { peekLocalBlock, readLocalBlock, startHeliaNode } from "./helia-node.ts";
import { inspectFile, type Presence } from "./inspect.ts";
import { messagesOf, type Messages } from "./messages.ts";
import { Pins } from "./pins.ts";
import { parseProviders } from "./providers.ts";
import type { FetchOptions, Store } from "./store.ts";

export interface HeliaStoreOptions {
  /** Everything lives under it; made if missing. One process at a time. */
  readonly directory: string;
  /** TCP multiaddresses to listen on. Default: the loopback address, a port chosen by the system. */
  readonly listen?: readonly string[] | undefined;
  /** Multiaddresses to tell others instead, where a router or a proxy stands before this machine. */
  readonly announce?: readonly string[] | undefined;
  readonly logger?: StoreLogger | undefined;
}

/** The part of a pino logger that a store uses. */
export interface StoreLogger {
  debug(fields: object, message: string): void;
}

/** What only the embedded node offers, beside {@link Store}. */
export interface HeliaStore extends Store {
  readonly peerId: string;
  readonly messages: Messages;
  collectGarbage(needed?: readonly ContentId[]): Promise<number>;
}

/**
 * Opens an embedded IPFS node on disk. It contacts nobody by itself: it serves whoever connects, and fetches from the
 * providers it is given.
 * @throws UserError `store-directory`, `store-locked` or `listen-failed`
 */
export async function openHeliaStore(options: HeliaStoreOptions): Promise<HeliaStore> {
  const { directory, listen = ["/ip4/127.0.0.1/tcp/0"], announce = [], logger } = options;
  const node = await startHeliaNode({ directory, listen, announce });
  const store = new EmbeddedStore(node, logger);
  logger?.debug({ directory, addresses: await store.addresses() }, "store open");
  return store;
}

class EmbeddedStore implements HeliaStore {
  readonly peerId: string;
  readonly messages: Messages;
  readonly #node: HeliaNode;
  readonly #pins: Pins;
  readonly #logger: StoreLogger | undefined;
  readonly #end = new AbortController();
  /** Work that blocks must not be collected under. */
  readonly #running = new Set<Promise<unknown>>();
  #collecting: Promise<number> | undefined;
  #stopping: Promise<void> | undefined;

  constructor(node: HeliaNode, logger: StoreLogger | undefined) {
    this.#node = node;
    this.#pins = new Pins(node.directory);
    this.#logger = logger;
    this.peerId = node.helia.libp2p.peerId.toString();
    this.messages = messagesOf(node.helia.libp2p);
  }

  async add(bytes: Uint8Array, signal?: AbortSignal): Promise<ContentId> {
    return this.#run(signal, async (until) => {
      const { helia, directory } = this.#node;
      const blockstore = {
        async put(cid: CID, block: Uint8Array): Promise<CID> {
          until.throwIfAborted();
          return helia.blockstore.put(cid, block);
        },
      };
      const { cid } = await onDisk(directory, () => importFile({ content: bytes }, blockstore, unixfsOptions));
      await this.#pins.add(cid);
      return fromCid(cid);
    });
  }

  async get(id: ContentId, options: FetchOptions): Promise<Uint8Array> {
    const { maxBytes, providers = [], signal, timeoutMilliseconds = 30_000, onProgress } = options;
    const root = toCid(id);
    return this.#run(signal, async (until) => {
      const peers = parseProviders(providers, this.peerId);
      const started = performance.now();
      const file = await fetchFile(this.#node, root, {
        maxBytes,
        providers: peers,
        signal: until,
        timeoutMilliseconds,
        onProgress,
      });
      const milliseconds = Math.round(performance.now() - started);
      this.#logger?.debug({ id: root.toString(), bytes: file.length, milliseconds }, "file read");
      return file;
    });
  }

  async has(id: ContentId): Promise<boolean> {
    return this.#run(undefined, () => this.#isHere(toCid(id)));
  }

  async inspect(id: ContentId): Promise<Presence> {
    return this.#run(undefined, () => inspectFile(toCid(id), (cid) => peekLocalBlock(this.#node, cid)));
  }

  async pin(id: ContentId, signal?: AbortSignal): Promise<void> {
    const root = toCid(id);
    await this.#run(signal, async () => {
      if (!(await this.#isHere(root))) {
        throw new StoreError("not-found", `cannot keep ${root.toString()}: not all of it is here`, {
          remedy: "fetch it first",
        });
      }
      await this.#pins.add(root);
    });
  }

  async unpin(id: ContentId, signal?: AbortSignal): Promise<void> {
    const root = toCid(id);
    await this.#run(signal, () => this.#pins.remove(root));
  }

  size(): Promise<number> {
    return bytesUnder(this.#node.directory);
  }

  async addresses(): Promise<string[]> {
    return this.#node.helia.libp2p.getMultiaddrs().map(String);
  }

  collectGarbage(needed: readonly ContentId[] = []): Promise<number> {
    this.#collecting ??= this.#collect(needed.map(toCid)).finally(() => (this.#collecting = undefined));
    return this.#collecting;
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#end.abort(new StoreError("unavailable", `the store in ${this.#node.directory} was stopped`));
    await Promise.allSettled([...this.#running, this.#collecting]);
    await this.#node.stop();
  }

  async #run<T>(signal: AbortSignal | undefined, work: (until: AbortSignal) => Promise<T>): Promise<T> {
    const until = signal === undefined ? this.#end.signal : AbortSignal.any([signal, this.#end.signal]);
    // Nothing may be awaited between this and the work's being noted: a collection could begin under it.
    while (this.#collecting !== undefined) {
      await orAborted(
        this.#collecting.catch(() => undefined),
        until,
      );
    }
    until.throwIfAborted();
    const running = work(until);
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  async #isHere(root: CID): Promise<boolean> {
    try {
      for await (const cid of blocksOf(root, (node) => this.#readHere(node))) {
        if (!(await this.#node.blocks.has(cid))) return false;
      }
      return true;
    } catch (error) {
      if (error instanceof StoreError && error.code !== "unavailable") return false;
      throw error;
    }
  }

  async #readHere(cid: CID): Promise<Uint8Array> {
    const block = await readLocalBlock(this.#node, cid);
    if (block === undefined) throw new StoreError("not-found", `the block ${cid.toString()} is not here`);
    return block;
  }

  async #collect(needed: readonly CID[]): Promise<number> {
    await Promise.allSettled(this.#running);
    const keep = new Set<string>();
    for (const root of [...(await this.#pins.all()), ...needed]) {
      try {
        for await (const cid of blocksOf(root, (node) => this.#readHere(node))) keep.add(blockName(cid));
      } catch (error) {
        // Where the disk cannot be read for now, nothing is known to be needless.
        if (!(error instanceof StoreError) || error.code === "unavailable") throw error;
        // A pinned file with a damaged node: what can still be reached is kept.
        this.#logger?.debug({ id: root.toString(), error: String(error) }, "pinned file is not whole");
      }
    }
    let removed = 0;
    for await (const cid of this.#node.blocks.keys()) {
      this.#end.signal.throwIfAborted();
      if (keep.has(blockName(cid))) continue;
      await this.#node.blocks.delete(cid);
      this.#node.collected.add(cid);
      removed += 1;
    }
    return removed;
  }
}
