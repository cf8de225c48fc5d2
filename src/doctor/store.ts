import { constants, existsSync, statSync } from "node:fs";
import { cp, mkdtemp, open, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

import { journalIn } from "../node/journal.ts";
import { openHeliaStore } from "../storage/helia.ts";
import { openKuboStore } from "../storage/kubo.ts";
import { ok, problem, type Finding } from "./finding.ts";
import { existingPart, may } from "./folders.ts";

/** What is known of a store without opening it. */
export interface StoreState {
  readonly finding: Finding;
  readonly peerId?: string;
}

export async function examineKubo(url: string): Promise<Finding> {
  const store = await openKuboStore({ url });
  await store.stop();
  return ok("store", "the Kubo daemon answers");
}

/**
 * Looks at an embedded store and the journal beside it, and changes neither: opening a database writes to it, so a copy
 * of it is opened instead.
 */
export async function examineEmbedded(home: string): Promise<StoreState> {
  const here = existingPart(home);
  if (!statSync(here).isDirectory() || !(await may(here, constants.W_OK | constants.X_OK))) {
    return {
      finding: problem("store", `${here} cannot be written`, "give another folder with --home, or the right to write"),
    };
  }
  const closed = await firstUnusable(home);
  if (closed !== undefined) {
    return {
      finding: problem(
        "store",
        `${closed} belongs to another user`,
        `give it back, as with \`chown -R $(id -un) ${home}\``,
      ),
    };
  }
  if (!(await isDatabase(journalIn(home)))) {
    const remedy = "restore it from a copy: without it, a node knows its earlier votes from the chain alone";
    return { finding: problem("store", `the journal in ${home} is damaged`, remedy) };
  }
  const datastore = join(home, "store", "datastore");
  if (!existsSync(datastore)) return { finding: ok("store", `${home} has no store yet, and one can be made`) };
  if (await isLocked(join(datastore, "LOCK"))) return { finding: ok("store", `${home} is in use: a node runs`) };
  return openCopy(home, datastore);
}

/** A copy, without its blocks, opens as the store itself would. */
async function openCopy(home: string, datastore: string): Promise<StoreState> {
  const copy = await mkdtemp(join(tmpdir(), "colearn-doctor-"));
  try {
    const filter = (path: string) => basename(path) !== "LOCK";
    await cp(datastore, join(copy, "datastore"), { recursive: true, filter });
    const store = await openHeliaStore({ directory: copy });
    const { peerId } = store;
    await store.stop();
    return { finding: ok("store", `${home} opens, and can be written`), peerId };
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

/** The first of the files that a node writes that this user may not. */
async function firstUnusable(home: string): Promise<string | undefined> {
  const folders = [home, join(home, "store"), join(home, "store", "blocks"), join(home, "store", "datastore")];
  const inside = await Promise.all([home, ...folders.slice(3)].map(filesIn));
  for (const path of [...folders.filter((folder) => existsSync(folder)), ...inside.flat()]) {
    if (!(await may(path, constants.R_OK | constants.W_OK))) return path;
  }
  return undefined;
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => join(folder, entry.name));
}

/** Whether a file is SQLite's, empty or not there; opening it would change it. */
async function isDatabase(path: string): Promise<boolean> {
  if (!existsSync(path)) return true;
  await using file = await open(path, "r");
  const { buffer, bytesRead } = await file.read(Buffer.alloc(16), 0, 16, 0);
  return bytesRead === 0 || buffer.toString("latin1") === "SQLite format 3\0";
}

/** Whether another process has a lock on a file. Only Linux tells without trying. */
async function isLocked(path: string): Promise<boolean> {
  const locks = await readFile("/proc/locks", "utf8").catch(() => "");
  const inode = statSync(path, { throwIfNoEntry: false })?.ino;
  return inode !== undefined && locks.split("\n").some((line) => line.split(/\s+/)[5]?.endsWith(`:${inode}`) === true);
}
