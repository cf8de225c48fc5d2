import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Command } from "commander";

import { withStore } from "../node/open-store.ts";
import type { Store } from "../storage/store.ts";
import { collect, integer } from "./options.ts";

/** Where a command that runs no node takes files from. */
export interface SourceOptions {
  readonly home?: string;
  readonly kubo?: string;
  readonly peer?: string[];
  readonly fetchTimeout: number;
}

/** Adds the options that say where files come from; without them, from the learners' nodes. */
export function withSource(command: Command): Command {
  return command
    .option("--home <dir>", "take files from this node's folder (while it does not run)")
    .option("--kubo <url>", "take files from the Kubo daemon with this RPC address")
    .option("--peer <multiaddr>", "a peer to fetch from beyond those on the ledger; may be repeated", collect)
    .option("--fetch-timeout <seconds>", "give up a fetch that stands still this long", integer(1, 3600), 30);
}

/** Runs with the store that the options name, or with one that is thrown away. */
export async function withSourceStore<T>(
  { home, kubo }: SourceOptions,
  work: (store: Store) => Promise<T>,
): Promise<T> {
  const folder = home ?? (await mkdtemp(join(tmpdir(), "colearn-")));
  try {
    return await withStore({ home: folder, kubo }, work);
  } finally {
    if (home === undefined) await rm(folder, { recursive: true, force: true });
  }
}
