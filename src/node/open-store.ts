import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import { UserError } from "../errors.ts";
import { openHeliaStore } from "../storage/helia.ts";
import { openKuboStore } from "../storage/kubo.ts";
import type { Store } from "../storage/store.ts";

export interface StoreOptions {
  /** The node's own folder: the embedded store is in its folder `store`. */
  readonly home: string;
  /** Address of a Kubo daemon's RPC: then that is the store, and not one in `home`. */
  readonly kubo?: string | undefined;
  /** Multiaddresses that the embedded store listens at. */
  readonly listen?: readonly string[] | undefined;
  /** Multiaddresses at which others reach it, where they differ from those it listens at. */
  readonly announce?: readonly string[] | undefined;
}

/**
 * Makes a node's own folder.
 * @throws UserError where it cannot be made
 */
export async function makeHome(home: string): Promise<void> {
  await mkdir(home, { recursive: true }).catch((cause: unknown) => {
    throw new UserError("home", `the folder ${home} cannot be made`, { remedy: "give another with --home", cause });
  });
}

/** Opens the store that the options name. */
export async function openStore({ home, kubo, listen, announce }: StoreOptions): Promise<Store> {
  if (kubo !== undefined) return openKuboStore({ url: kubo });
  return openHeliaStore({
    directory: join(home, "store"),
    ...(listen === undefined ? {} : { listen: [...listen] }),
    ...(announce === undefined ? {} : { announce: [...announce] }),
  });
}

/** Does something with the store that the options name, and closes it. */
export async function withStore<T>(options: StoreOptions, work: (store: Store) => Promise<T>): Promise<T> {
  const store = await openStore(options);
  try {
    return await work(store);
  } finally {
    await store.stop();
  }
}
