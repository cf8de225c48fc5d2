import { setMaxListeners } from "node:events";

import type { SessionBlockstore } from "@helia/interface";
import type { Connection } from "@libp2p/interface";
import type { CID } from "multiformats/cid";

import { orAborted } from "./abort.ts";
import { StoreError, onDisk } from "./errors.ts";
import { readFile } from "./file-dag.ts";
import type { HeliaNode } from "./helia-node.ts";
import { readLocalBlock } from "./helia-node.ts";
import type { Provider } from "./providers.ts";
import { patienceOf } from "./turns.ts";

export interface FetchFileOptions {
  readonly maxBytes: number;
  readonly providers: readonly Provider[];
  readonly signal: AbortSignal;
  readonly timeoutMilliseconds: number;
  readonly onProgress?: ((bytes: number) => void) | undefined;
}

/** Enough to fill a fast link, few enough that a slow one brings the first of them in time. */
const BLOCKS_AT_ONCE = 8;
/** How long blocks that were on their way when a fetch was given up may still come in, to be kept for the next one. */
const LINGER_MILLISECONDS = 10_000;
/** Part of a turn in which a provider must have been reached. */
const DIAL_SHARE = 0.5;

/** Why a provider was left. The first two are worth another try, the last two are not. */
type Failure = "stalled" | "hung up" | "could not be reached" | "does not have it";

class ProviderFailed extends Error {
  override readonly name = "ProviderFailed";
  readonly failure: Failure;

  constructor(failure: Failure, cause?: unknown) {
    super(failure, { cause });
    this.failure = failure;
  }
}

class BlockMissing extends Error {
  override readonly name = "BlockMissing";
}

/**
 * Reads a file from this disk and, for what is missing, from one provider after the other. Blocks are kept as they
 * come, so each provider, and each later fetch, only has to give the rest.
 *
 * One provider at a time: several at once would each send every block. All of them share the time in which no block
 * may be missing for ever: a silent one gets its part of it ({@link patienceOf}), then the next has its turn, and after
 * the last one those that were silent are asked once more, over a new connection.
 *
 * @throws StoreError `too-large`, `malformed`, `not-found`, `unavailable`; the signal's reason when it is aborted
 */
export async function fetchFile(node: HeliaNode, root: CID, options: FetchFileOptions): Promise<Uint8Array> {
  const { providers, signal, timeoutMilliseconds } = options;
  let best = 0;
  const limits = {
    maxBytes: options.maxBytes,
    concurrency: BLOCKS_AT_ONCE,
    onProgress(bytes: number) {
      if (bytes <= best || signal.aborted) return;
      best = bytes;
      options.onProgress?.(bytes);
    },
  };

  async function readHere(cid: CID): Promise<Uint8Array> {
    signal.throwIfAborted();
    const block = await readLocalBlock(node, cid);
    if (block === undefined) throw new BlockMissing();
    return block;
  }
  try {
    return await readFile(root, readHere, limits);
  } catch (error) {
    if (!(error instanceof BlockMissing)) throw error;
  }

  const failures = new Map<Provider, Failure>();
  const turns = [...providers, ...providers];
  let lastBlock = performance.now();
  while (turns.length > 0) {
    const [provider] = turns.splice(0, 1) as [Provider];
    if (isFinal(failures.get(provider))) continue;
    const left = lastBlock + timeoutMilliseconds - performance.now();
    if (left <= 0) break;
    const turnsLeft = 1 + turns.filter((other) => !isFinal(failures.get(other))).length;
    const patience = patienceOf(left, turnsLeft, failures.size === 0);
    const turn = new Turn(node, provider, patience, signal, () => (lastBlock = performance.now()));
    try {
      return await turn.run(root, (read) => readFile(root, read, limits));
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof ProviderFailed)) throw error;
      failures.set(provider, error.failure);
    }
  }
  const said = [...failures].map(([{ peerId }, failure]) => `${peerId} ${failure}`);
  throw new StoreError(
    "not-found",
    `nobody gave ${root.toString()}: ${said.join(", ") || "it is not here and no peer is known"}`,
    {
      remedy: "try again later, or name a peer that has it",
    },
  );
}

function isFinal(failure: Failure | undefined): boolean {
  return failure === "could not be reached" || failure === "does not have it";
}

/** One provider's turn: a connection, a bitswap session, and a clock that runs out when no block comes. */
class Turn {
  readonly #node: HeliaNode;
  readonly #provider: Provider;
  readonly #patience: number;
  readonly #signal: AbortSignal;
  readonly #onBlock: () => void;
  /** Aborted with a ProviderFailed, or with the signal's reason. */
  readonly #end = new AbortController();
  #clock: NodeJS.Timeout | undefined;
  #waitingFor = 0;

  constructor(node: HeliaNode, provider: Provider, patience: number, signal: AbortSignal, onBlock: () => void) {
    this.#node = node;
    this.#provider = provider;
    this.#patience = patience;
    this.#signal = signal;
    this.#onBlock = onBlock;
    setMaxListeners(0, this.#end.signal);
  }

  async run<T>(root: CID, work: (read: (cid: CID) => Promise<Uint8Array>) => Promise<T>): Promise<T> {
    const abort = (): void => this.#end.abort(this.#signal.reason);
    if (this.#signal.aborted) abort();
    this.#signal.addEventListener("abort", abort);
    this.#wind();
    let connection: Connection | undefined;
    let session: SessionBlockstore | undefined;
    const hungUp = (): void => this.#end.abort(new ProviderFailed("hung up"));
    try {
      await this.#hangUpIfCollected(root);
      connection = await this.#dial();
      connection.addEventListener("close", hungUp);
      const opened = this.#node.helia.blockstore.createSession(root, {
        providers: [connection.remotePeer.toCID()],
        minProviders: 1,
        maxProviders: 1,
      });
      session = opened;
      return await orAborted(
        work((cid) => this.#read(opened, cid)),
        this.#end.signal,
      );
    } finally {
      clearTimeout(this.#clock);
      this.#signal.removeEventListener("abort", abort);
      connection?.removeEventListener("close", hungUp);
      this.#part(connection, session);
    }
  }

  /** A peer that has sent what was removed here since does not send it again over the same connection. */
  async #hangUpIfCollected(root: CID): Promise<void> {
    const { helia, collected } = this.#node;
    const { peerId } = this.#provider;
    const old = helia.libp2p
      .getConnections()
      .filter(({ remotePeer, timeline }) => remotePeer.toString() === peerId && collected.isSince(root, timeline.open));
    await orAborted(Promise.allSettled(old.map((line) => line.close())), this.#end.signal);
  }

  async #dial(): Promise<Connection> {
    const { signal } = this.#end;
    const clock = setTimeout(() => this.#end.abort(new ProviderFailed("stalled")), this.#patience * DIAL_SHARE);
    try {
      return await orAborted(this.#node.helia.libp2p.dial([...this.#provider.addresses], { signal }), signal);
    } catch (cause) {
      signal.throwIfAborted();
      throw new ProviderFailed("could not be reached", cause);
    } finally {
      clearTimeout(clock);
    }
  }

  async #read(session: SessionBlockstore, cid: CID): Promise<Uint8Array> {
    // A peer that has sent a block does not send it again at once, so it must not be asked twice: neither for two equal
    // chunks of a file, nor for one file by two callers.
    const { arriving } = this.#node;
    const key = `${this.#provider.peerId} ${cid.toString()}`;
    const other = arriving.get(key);
    if (other !== undefined) {
      await other.catch(() => undefined);
      this.#end.signal.throwIfAborted();
      return this.#read(session, cid);
    }
    const task = this.#fetch(session, cid);
    arriving.set(key, task);
    try {
      return await task;
    } finally {
      arriving.delete(key);
    }
  }

  async #fetch(session: SessionBlockstore, cid: CID): Promise<Uint8Array> {
    this.#waitingFor += 1;
    try {
      const here = await readLocalBlock(this.#node, cid);
      if (here !== undefined) return here;
      this.#end.signal.throwIfAborted();
      // Helia checks the block's hash and writes it to disk before it gives it.
      for await (const block of session.get(cid)) {
        this.#wind();
        this.#onBlock();
        return block;
      }
      throw new Error(`Helia gave nothing for ${cid.toString()}`);
    } catch (error) {
      this.#end.signal.throwIfAborted();
      if (isRetrievalError(error)) throw new ProviderFailed("does not have it", error);
      return await onDisk(this.#node.directory, () => Promise.reject(error as Error));
    } finally {
      this.#waitingFor -= 1;
      if (this.#waitingFor === 0 && this.#end.signal.aborted) session.close();
    }
  }

  #wind(): void {
    if (this.#end.signal.aborted) return;
    clearTimeout(this.#clock);
    this.#clock = setTimeout(() => this.#end.abort(new ProviderFailed("stalled")), this.#patience);
  }

  #part(connection: Connection | undefined, session: SessionBlockstore | undefined): void {
    if (session === undefined || connection === undefined) return;
    const reason: unknown = this.#end.signal.reason;
    if (reason instanceof ProviderFailed && reason.failure === "stalled") {
      // The line may be dead. And a peer that thinks it has sent a block does not send it again on the same one.
      session.close();
      connection.abort(new Error("no block for too long"));
    } else if (reason !== undefined && !(reason instanceof ProviderFailed) && this.#waitingFor > 0) {
      // The caller gave up, yet blocks are on their way: they would not be sent twice, so they are kept.
      this.#node.linger(session, LINGER_MILLISECONDS);
    } else {
      session.close();
    }
  }
}

function isRetrievalError(error: unknown): boolean {
  return error instanceof Error && (error.name === "LoadBlockFailedError" || error.name === "AggregateError");
}
