import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { CID } from "multiformats/cid";

import { onDisk } from "./errors.ts";

/**
 * The files to keep: an empty file each, named by its content id, and nothing a block. What a file keeps is found by
 * walking it when garbage is collected. Helia's own pins count references block by block; two files that share blocks
 * (frozen layers, say) lose count when one of them is let go of and pinned again, and the other's blocks go.
 *
 * Warning: they are not records of the LevelDB beside them. When a disk was full, what LevelDB writes later in the same
 * session is gone after a restart, and a collection would take what those pins keep.
 */
export class Pins {
  readonly #store: string;
  readonly #directory: string;

  /** @param store the store's folder; the pins' is in it */
  constructor(store: string) {
    this.#store = store;
    this.#directory = join(store, "pins");
  }

  async add(root: CID): Promise<void> {
    await onDisk(this.#store, async () => {
      await mkdir(this.#directory, { recursive: true });
      await writeFile(this.#path(root), "");
    });
  }

  async remove(root: CID): Promise<void> {
    await onDisk(this.#store, () => rm(this.#path(root), { force: true }));
  }

  async all(): Promise<CID[]> {
    await mkdir(this.#directory, { recursive: true });
    return (await readdir(this.#directory)).flatMap(pinned);
  }

  #path(root: CID): string {
    return join(this.#directory, root.toString());
  }
}

/** The content id that a file's name is; nothing where it is another's file. */
function pinned(name: string): CID[] {
  try {
    return [CID.parse(name)];
  } catch {
    return [];
  }
}
