import type { LevelDatastore } from "datastore-level";
import { Key } from "interface-datastore";
import { CID } from "multiformats/cid";

const PREFIX = "/colearn/pin/";

/**
 * The files to keep: one record a file, nothing a block. What a file keeps is found by walking it when garbage is
 * collected. Helia's own pins count references block by block; two files that share blocks (frozen layers, say) lose
 * count when one of them is let go of and pinned again, and the other's blocks go.
 */
export class Pins {
  readonly #datastore: LevelDatastore;

  constructor(datastore: LevelDatastore) {
    this.#datastore = datastore;
  }

  async add(root: CID): Promise<void> {
    await this.#datastore.put(keyOf(root), new Uint8Array());
  }

  async remove(root: CID): Promise<void> {
    await this.#datastore.delete(keyOf(root));
  }

  async *all(): AsyncGenerator<CID> {
    for await (const key of this.#datastore.queryKeys({ prefix: PREFIX })) {
      yield CID.parse(key.toString().slice(PREFIX.length));
    }
  }
}

function keyOf(root: CID): Key {
  return new Key(PREFIX + root.toString());
}
