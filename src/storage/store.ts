/**
 * Where bytes live: a file in, its content id out, and the other way round. Two implementations, held to the same
 * contract by the same tests: an embedded IPFS node (Helia) and a Kubo daemon over its RPC.
 *
 * Files are stored as UnixFS with CIDv1, raw leaves and chunks of 1 MiB, so that every implementation gives a file the
 * same content id.
 */
import type { ContentId } from "../weights/content-id.ts";
import type { Presence } from "./inspect.ts";
import type { Messages } from "./messages.ts";

export interface FetchOptions {
  /** Refuse a file of more than this, while reading, whatever size its publisher claims. */
  readonly maxBytes: number;
  /** Multiaddresses (with /p2p/ ids) of peers that may hold the file, best first. Ignored for a file that is here. */
  readonly providers?: readonly string[] | undefined;
  /** Ends the wait: without it a file that nobody has is waited for until `timeoutMilliseconds`. */
  readonly signal?: AbortSignal | undefined;
  /** Give up when no further block arrived for this long. Default 30 000. */
  readonly timeoutMilliseconds?: number | undefined;
  readonly onProgress?: ((bytes: number) => void) | undefined;
}

export interface Store {
  /** Stores and pins a file. Idempotent. */
  add(bytes: Uint8Array, signal?: AbortSignal): Promise<ContentId>;
  /**
   * Reads a file, from here or from its providers, and keeps (without pinning) the blocks that came: a fetch that was
   * interrupted goes on from there.
   * @throws StoreError `too-large`, `not-found` (nobody gave it in time) or `malformed` (the root is not a file)
   */
  get(id: ContentId, options: FetchOptions): Promise<Uint8Array>;
  /** Whether the whole file is here. */
  has(id: ContentId): Promise<boolean>;
  /** What is here of a file, each block's hash checked. Unlike `get` it changes nothing, and asks nobody else. */
  inspect(id: ContentId): Promise<Presence>;
  /** Keeps a file that is here. Idempotent. */
  pin(id: ContentId, signal?: AbortSignal): Promise<void>;
  /** Lets go of a file: garbage collection may take it. Idempotent. */
  unpin(id: ContentId, signal?: AbortSignal): Promise<void>;
  /**
   * Removes the blocks that neither a pinned file nor one of `needed` has; waits for adds and fetches under way, and
   * those begun meanwhile wait for it. Gives their number. None where a daemon does this by itself.
   */
  collectGarbage?(needed?: readonly ContentId[]): Promise<number>;
  /** Bytes that the store takes on its disk. */
  size(): Promise<number>;
  /** Multiaddresses (with /p2p/ ids) at which other learners can fetch from this store. */
  addresses(): Promise<string[]>;
  /** Messages between peers; none where the store is a daemon's. */
  readonly messages?: Messages | undefined;
  /** Ends all work and closes all files. */
  stop(): Promise<void>;
}
