import { UserError } from "../errors.ts";
import type { Transactor } from "../ledger/transactor.ts";
import { Journal, journalIn } from "../node/journal.ts";
import type { StoreOptions } from "../node/open-store.ts";
import type { PublishedExperiment } from "../node/publish.ts";
import { secretScope } from "../node/secrets.ts";

/** Where a new experiment's files go. */
export interface PlaceOptions {
  readonly home?: string;
  readonly kubo?: string;
}

/**
 * The store that is to serve a new experiment's files.
 * @throws UserError where none is named
 */
export function placeOf({ home, kubo }: PlaceOptions): StoreOptions {
  const place = home ?? (kubo === undefined ? undefined : ".");
  if (place === undefined) {
    throw new UserError("home", "nowhere to keep the manifest and the initial weights", {
      remedy: "name a learner's node folder with --home, or a Kubo daemon with --kubo",
    });
  }
  return { home: place, kubo };
}

/**
 * Notes in the folder's journal what was published for a new experiment: a node that runs there for another one, and lets go
 * of the same weights, leaves them.
 */
export async function holdPublished(
  { home, kubo }: StoreOptions,
  { ledger, address }: Transactor,
  { id, weights }: PublishedExperiment,
): Promise<void> {
  if (kubo !== undefined) return;
  const scope = await secretScope(ledger, id);
  const journal = new Journal(journalIn(home), { ...scope, learner: address });
  try {
    journal.recordHeld({ round: 0, weights, accepted: true });
  } finally {
    journal.close();
  }
}
