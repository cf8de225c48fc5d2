/**
 * Which weights stay on this node's disk. The journal knows what was pinned for which round, so that a node which starts
 * again lets go of what became old meanwhile, and leaves other experiments in the same store alone.
 */
import type { Logger } from "pino";

import { isFinal, lastSettled, type Snapshot } from "../ledger/types.ts";
import type { Store } from "../storage/store.ts";
import { formatContentId, type ContentId } from "../weights/content-id.ts";
import type { Emit } from "./events.ts";
import type { Journal } from "./journal.ts";

export interface Keeping {
  /** Settled rounds whose weights stay; 1 or more. */
  readonly rounds: number;
  /** Whether all accepted weights stay, however old. */
  readonly lineage: boolean;
}

export const DEFAULT_KEPT_ROUNDS = 20;

/** Weights that were pinned for a round. */
export interface Held {
  readonly round: number;
  readonly weights: ContentId;
  /** Whether the ledger accepted them; else they are this node's own proposal. */
  readonly accepted: boolean;
}

/**
 * What may be unpinned. Never the current weights, the open round's proposal, or anything of the open round and of the
 * last settled ones: the same weights may be held for several rounds. Nor the initial weights, with which all began.
 */
export function toLetGo(held: readonly Held[], snapshot: Snapshot, { rounds, lineage }: Keeping): ContentId[] {
  const oldest = lastSettled(snapshot) - rounds + 1;
  const needed = [snapshot.weights, snapshot.proposal].filter((id) => id !== undefined);
  const old: ContentId[] = [];
  for (const { round, weights, accepted } of held) {
    (round === 0 || round >= oldest || (lineage && accepted) ? needed : old).push(weights);
  }
  const names = new Set(needed.map(formatContentId));
  const unique = new Map(old.map((id) => [formatContentId(id), id]));
  return [...unique].filter(([name]) => !names.has(name)).map(([, id]) => id);
}

/** Settled rounds between two collections: each one reads the store's list of blocks. */
export function collectionInterval({ rounds }: Keeping): number {
  return Math.min(5, Math.ceil(rounds / 4));
}

export interface RetentionParts {
  readonly store: Store;
  readonly journal: Journal;
  readonly keeping: Keeping;
  readonly emit: Emit;
  readonly log: Logger;
}

/** Lets go of old weights, while the node has nothing else to do. */
export class Retention {
  readonly #parts: RetentionParts;
  /** Accepted weights that are not pinned yet. */
  readonly #accepted: { readonly round: number; readonly weights: ContentId }[] = [];
  #lastLooked: string | undefined;
  /** What the last look failed of: a failure that lasts is told once. */
  #failure: string | undefined;
  /** None before the first collection: what was left over from before is found then. */
  #lastCollected: number | undefined;

  constructor(parts: RetentionParts) {
    this.#parts = parts;
  }

  /** Notes that a round's proposal was accepted: it is kept, where it is here. */
  accepted(round: number, weights: ContentId): void {
    this.#accepted.push({ round, weights });
  }

  /** Failures are only told: disk space is no reason to miss a duty. */
  async tidy(snapshot: Snapshot): Promise<void> {
    const key = `${snapshot.status} ${lastSettled(snapshot)}`;
    if (this.#lastLooked === key) return;
    try {
      await this.#pinAccepted();
      await this.#letGo(snapshot);
      await this.#collect(snapshot);
      this.#lastLooked = key;
      this.#failure = undefined;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (message === this.#failure) return;
      this.#failure = message;
      this.#parts.log.warn(`old weights stay on disk for now: ${message}`);
    }
  }

  async #pinAccepted(): Promise<void> {
    const { store, journal } = this.#parts;
    for (let next = this.#accepted[0]; next !== undefined; next = this.#accepted[0]) {
      // A voter has them from voting; whoever was away gets the current ones by synchronising.
      if (await store.has(next.weights)) {
        journal.recordHeld({ ...next, accepted: true });
        await store.pin(next.weights);
      }
      this.#accepted.shift();
    }
  }

  async #letGo(snapshot: Snapshot): Promise<void> {
    const { store, journal, keeping, log } = this.#parts;
    for (const weights of toLetGo(journal.held(), snapshot, keeping)) {
      // The journal forgets last: what was not unpinned when the node stops is found again.
      if (!journal.isHeldElsewhere(weights)) await store.unpin(weights);
      journal.forgetHeld(weights);
      log.debug({ weights: formatContentId(weights) }, "let go of old weights");
    }
  }

  async #collect(snapshot: Snapshot): Promise<void> {
    const { store, journal, keeping, emit } = this.#parts;
    const settled = lastSettled(snapshot);
    const due = this.#lastCollected === undefined ? 0 : this.#lastCollected + collectionInterval(keeping);
    if (store.collectGarbage === undefined || (settled < due && !isFinal(snapshot.status))) return;
    // What the journal still holds is pinned; that it is named again costs little, and a pin may have been lost.
    const held = journal.held().map(({ weights }) => weights);
    const needed = [snapshot.weights, snapshot.proposal, ...held].filter((id) => id !== undefined);
    const blocks = await store.collectGarbage(needed);
    this.#lastCollected = settled;
    if (blocks > 0) emit({ event: "collected", blocks });
  }
}
