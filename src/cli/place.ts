import { UserError } from "../errors.ts";
import { openStore, type StoreOptions } from "../node/open-store.ts";
import type { Store } from "../storage/store.ts";

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

export async function withStore<T>(place: StoreOptions, work: (store: Store) => Promise<T>): Promise<T> {
  const store = await openStore(place);
  try {
    return await work(store);
  } finally {
    await store.stop();
  }
}
