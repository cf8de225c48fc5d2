import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { FsBlockstore } from "blockstore-fs";
import { NextToLast } from "blockstore-fs/sharding";
import { NotFoundError } from "interface-store";
import type { CID } from "multiformats/cid";

import { systemErrorCode } from "./errors.ts";

type Put = FsBlockstore["put"];
type Get = FsBlockstore["get"];

/**
 * Blocks as files, laid out as blockstore-fs lays them out, but read whole: the stock store streams a block in parts of
 * 64 KiB, which its readers then join again and again. That more than halved the speed of a transfer.
 * Errors keep the system's code in their cause, so that a full disk can be told from a missing block.
 */
export class DiskBlockstore extends FsBlockstore {
  readonly #sharding: NextToLast;

  constructor(directory: string) {
    const shardingStrategy = new NextToLast();
    super(directory, { shardingStrategy });
    this.#sharding = shardingStrategy;
  }

  override async *get(cid: CID, options?: Parameters<Get>[1]): ReturnType<Get> {
    options?.signal?.throwIfAborted();
    let block: Uint8Array;
    try {
      block = await readFile(this.#path(cid));
    } catch (cause) {
      if (systemErrorCode(cause) !== "ENOENT") throw cause;
      throw new NotFoundError(`no block ${cid.toString()} on disk`);
    }
    yield block;
  }

  /** Whole or not at all: written under another name, then renamed. */
  override async put(cid: CID, bytes: Parameters<Put>[1], options?: Parameters<Put>[2]): Promise<CID> {
    options?.signal?.throwIfAborted();
    const path = this.#path(cid);
    const temporary = `${path}.${randomUUID()}`;
    await mkdir(dirname(path), { recursive: true });
    try {
      await writeFile(temporary, bytes instanceof Uint8Array ? [bytes] : bytes);
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    return cid;
  }

  /**
   * The blocks here, by the names of their files alone: only the hash of each content id is that of the block. Removes
   * what a power cut left half written.
   */
  async *keys(): AsyncGenerator<CID> {
    for (const shard of await readdir(this.path, { withFileTypes: true })) {
      if (!shard.isDirectory()) continue;
      const folder = join(this.path, shard.name);
      for (const name of await readdir(folder)) {
        if (name.endsWith(this.#sharding.extension)) yield this.#sharding.decode(name);
        else await removeIfOld(join(folder, name));
      }
    }
  }

  #path(cid: CID): string {
    const { dir, file } = this.#sharding.encode(cid);
    return join(this.path, dir, file);
  }
}

/** No block takes this long to be written. */
const WRITING_MILLISECONDS = 600_000;

async function removeIfOld(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found !== undefined && Date.now() - found.mtimeMs > WRITING_MILLISECONDS) await rm(path, { force: true });
}
