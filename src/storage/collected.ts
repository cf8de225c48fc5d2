import type { CID } from "multiformats/cid";

/** More names than this are not worth their memory: what is asked for again is what went last. */
const MOST_NAMES = 10_000;

/**
 * Which blocks were removed, and when. A peer does not send a block twice over one connection: for those that are
 * fetched again, and for those only, a newer connection is needed.
 */
export class Collected {
  /** Milliseconds since 1970, by block. */
  readonly #times = new Map<string, number>();

  add(cid: CID): void {
    const name = blockName(cid);
    this.#times.delete(name);
    this.#times.set(name, Date.now());
    for (const oldest of this.#times.keys()) {
      if (this.#times.size <= MOST_NAMES) return;
      this.#times.delete(oldest);
    }
  }

  /** Whether a block was removed after a time, milliseconds since 1970. */
  isSince(cid: CID, time: number): boolean {
    return (this.#times.get(blockName(cid)) ?? -Infinity) >= time;
  }
}

/** A block's file is named by its hash alone: it comes back without its codec. */
export function blockName(cid: CID): string {
  return Buffer.from(cid.multihash.bytes).toString("hex");
}
