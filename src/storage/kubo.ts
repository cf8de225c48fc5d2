import type { KuboRPCClient } from "kubo-rpc-client";
import { create } from "kubo-rpc-client";
import type { CID } from "multiformats/cid";

import { UserError } from "../errors.ts";
import type { ContentId } from "../weights/content-id.ts";
import { formatContentId, toCid } from "../weights/content-id.ts";
import { contentIdOf, kuboAddOptions } from "../weights/unixfs.ts";
import { StoreError } from "./errors.ts";
import { blocksOf, isBlockOf, readFile } from "./file-dag.ts";
import { inspectFile, type Presence } from "./inspect.ts";
import { parseProviders } from "./providers.ts";
import type { FetchOptions, Store } from "./store.ts";

export interface KuboStoreOptions {
  /** Where the daemon's RPC listens, for example http://127.0.0.1:5001; a user and password in it are used, not shown. */
  readonly url: string;
}

const OPEN_MILLISECONDS = 10_000;
/** A daemon that knows no `offline` goes looking for a block that is not here; this ends the search. */
const LOCAL_MILLISECONDS = 3_000;
const BLOCKS_AT_ONCE = 8;
/** A daemon tries for a minute to reach a peer that is silent; strangers' contacts may name many of those. */
const DIAL_MILLISECONDS = 5_000;
const DIALS_AT_ONCE = 8;
/**
 * What a daemon says when it works and nobody gave it the block: Kubo's `block was not found locally (offline): ipld:
 * could not find …`, `blockstore: block not found`, `context deadline exceeded`, and their like in its kin. Anything
 * else that it refuses is its own trouble and tells nothing of the file.
 */
const NOT_FOUND =
  /\bblock (?:was )?not found\b|\bipld: could not find\b|\bmerkledag: not found\b|\bcontext deadline exceeded\b|\bdeadline has elapsed\b|\brequest timed out\b/i;

/** What a daemon says that checks the blocks which it reads (`HashOnRead`). */
const WRONG_HASH = /\bdifferent hash than requested\b/i;

/**
 * Opens the store of a running Kubo daemon. It reads block by block and checks each, as the embedded node does, so that
 * a daemon need not be trusted and both refuse the same files.
 * @throws UserError `kubo-url` or `kubo-unreachable`
 */
export async function openKuboStore({ url: text }: KuboStoreOptions): Promise<Store> {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new UserError("kubo-url", `${JSON.stringify(text)} is not the URL of a Kubo daemon's RPC`, {
      remedy: "write it like http://127.0.0.1:5001",
    });
  }
  const client = create({ url: url.origin + url.pathname, headers: authorizationOf(url) });
  try {
    await client.version({ signal: AbortSignal.timeout(OPEN_MILLISECONDS) });
  } catch (cause) {
    throw new UserError("kubo-unreachable", `no Kubo daemon answers at ${url.origin}: ${reasonOf(cause)}`, {
      remedy: "start it with `ipfs daemon`, or name another RPC address",
      cause,
    });
  }
  return new KuboStore(client, url.origin);
}

class KuboStore implements Store {
  readonly #client: KuboRPCClient;
  /** For messages: an URL's user and password stay out of them. */
  readonly #origin: string;
  readonly #end = new AbortController();

  constructor(client: KuboRPCClient, origin: string) {
    this.#client = client;
    this.#origin = origin;
  }

  async add(bytes: Uint8Array, signal?: AbortSignal): Promise<ContentId> {
    const until = this.#until(signal);
    const { cid } = await this.#ask(until, () =>
      this.#client.add(bytes, { ...kuboAddOptions, pin: true, signal: until }),
    );
    const expected = await contentIdOf(bytes);
    const [given, right] = [cid.toString(), formatContentId(expected)];
    if (given !== right) {
      throw new StoreError("unavailable", `the daemon at ${this.#origin} stored a file as ${given}, not as ${right}`, {
        remedy: "use Kubo 0.34 or newer, which can make UnixFS nodes of 1024 links",
      });
    }
    return expected;
  }

  async get(id: ContentId, options: FetchOptions): Promise<Uint8Array> {
    const { maxBytes, providers = [], timeoutMilliseconds = 30_000, onProgress } = options;
    const root = toCid(id);
    const until = this.#until(options.signal);
    const end = new AbortController();
    const signal = AbortSignal.any([until, end.signal]);
    const giveUp = (): void =>
      end.abort(new StoreError("not-found", `nobody gave the daemon ${root.toString()} in time`));
    let clock = setTimeout(giveUp, timeoutMilliseconds);
    const connecting = this.#connect(providers, signal);

    const read = async (cid: CID): Promise<Uint8Array> => {
      const block = await this.#ask(signal, () => this.#client.block.get(cid, { signal }), "not-found");
      signal.throwIfAborted();
      clearTimeout(clock);
      clock = setTimeout(giveUp, timeoutMilliseconds);
      if (isBlockOf(cid, block)) return block;
      throw new StoreError(
        "unavailable",
        `the daemon at ${this.#origin} gave other bytes than those of ${cid.toString()}`,
      );
    };
    try {
      return await readFile(root, read, { maxBytes, concurrency: BLOCKS_AT_ONCE, onProgress });
    } finally {
      end.abort();
      clearTimeout(clock);
      await connecting;
    }
  }

  /** Connects the daemon to providers, best first, a few at once. It is no failure when that fails. */
  async #connect(providers: readonly string[], signal: AbortSignal): Promise<void> {
    const addresses = parseProviders(providers, "").flatMap((provider) => provider.addresses);
    const connectToRest = async (): Promise<void> => {
      for (let next = addresses.shift(); next !== undefined && !signal.aborted; next = addresses.shift()) {
        const inTime = AbortSignal.any([signal, AbortSignal.timeout(DIAL_MILLISECONDS)]);
        await this.#client.swarm.connect(next, { signal: inTime }).catch(() => undefined);
      }
    };
    await Promise.all(Array.from({ length: DIALS_AT_ONCE }, connectToRest));
  }

  async has(id: ContentId): Promise<boolean> {
    const until = this.#until();
    const local = { offline: true, timeout: LOCAL_MILLISECONDS, signal: until };
    const read = (cid: CID): Promise<Uint8Array> =>
      this.#ask(until, () => this.#client.block.get(cid, local), "not-found");
    try {
      for await (const cid of blocksOf(toCid(id), read)) {
        await this.#ask(until, () => this.#client.block.stat(cid, local), "not-found");
      }
      return true;
    } catch (error) {
      if (error instanceof StoreError && error.code !== "unavailable") return false;
      throw error;
    }
  }

  async inspect(id: ContentId): Promise<Presence> {
    const until = this.#until();
    const local = { offline: true, timeout: LOCAL_MILLISECONDS, signal: until };
    return inspectFile(toCid(id), (cid) =>
      this.#ask(until, () => this.#client.block.get(cid, local), "not-found").catch((error: unknown) => {
        if (!(error instanceof StoreError)) throw error;
        if (error.code === "not-found") return undefined;
        if (WRONG_HASH.test(error.message)) return new Uint8Array(0);
        throw error;
      }),
    );
  }

  async pin(id: ContentId, signal?: AbortSignal): Promise<void> {
    const until = this.#until(signal);
    const root = toCid(id);
    if (!(await this.has(id))) {
      throw new StoreError("not-found", `cannot keep ${root.toString()}: not all of it is here`, {
        remedy: "fetch it first",
      });
    }
    await this.#ask(until, () => this.#client.pin.add(root, { signal: until }));
  }

  async unpin(id: ContentId, signal?: AbortSignal): Promise<void> {
    const until = this.#until(signal);
    try {
      await this.#ask(until, () => this.#client.pin.rm(toCid(id), { signal: until }));
    } catch (error) {
      if (!(error instanceof StoreError && error.message.includes("not pinned"))) throw error;
    }
  }

  async size(): Promise<number> {
    const until = this.#until();
    const { repoSize } = await this.#ask(until, () => this.#client.repo.stat({ signal: until }));
    return Number(repoSize);
  }

  async addresses(): Promise<string[]> {
    const until = this.#until();
    const { addresses } = await this.#ask(until, () => this.#client.id({ signal: until }));
    return addresses.map(String);
  }

  async stop(): Promise<void> {
    this.#end.abort(new StoreError("unavailable", "the store was stopped"));
  }

  #until(signal?: AbortSignal): AbortSignal {
    const until = signal === undefined ? this.#end.signal : AbortSignal.any([signal, this.#end.signal]);
    until.throwIfAborted();
    return until;
  }

  /** Asks the daemon. `absence` says what it means when it answers that something was not found in time. */
  async #ask<T>(
    signal: AbortSignal,
    request: () => Promise<T>,
    absence: "not-found" | "unavailable" = "unavailable",
  ): Promise<T> {
    try {
      return await request();
    } catch (cause) {
      signal.throwIfAborted();
      const answered = cause instanceof Error && (cause.name === "HTTPError" || cause.name === "TimeoutError");
      throw new StoreError(
        answered && NOT_FOUND.test(cause.message) ? absence : "unavailable",
        `the Kubo daemon at ${this.#origin} ${answered ? "refused" : "does not answer"}: ${reasonOf(cause)}`,
        { cause },
      );
    }
  }
}

function authorizationOf({ username, password }: URL): Record<string, string> {
  if (username === "" && password === "") return {};
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { authorization: `Basic ${Buffer.from(credentials).toString("base64")}` };
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error && error.cause.message !== "" ? error.cause.message : error.message;
}
