import { accessSync, closeSync, constants, mkdirSync, openSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import type { Logger } from "pino";

import { UserError } from "../errors.ts";

/** A key where it signs: one account of one chain. */
export interface LockedKey {
  /** The chain's id and first block, as `Ledger.chain` gives them. */
  readonly chain: string;
  readonly address: string;
}

export interface KeyLock {
  release(): void;
}

/**
 * Where locks are kept: `colearn/locks` in the user's folder of state.
 * @param environment its XDG_STATE_HOME or, on Windows, LOCALAPPDATA
 */
export function defaultLockFolder(environment: Readonly<Record<string, string | undefined>> = process.env): string {
  const { XDG_STATE_HOME: xdg, LOCALAPPDATA: localAppData } = environment;
  const given = [xdg, process.platform === "win32" ? localAppData : undefined].find((folder) => folder);
  return join(given ?? join(homedir(), ".local", "state"), "colearn", "locks");
}

/**
 * Keeps a key for this process, until the lock is released or the process dies: the system frees it then, so that no
 * stale lock is ever in the way. Two processes would take the same nonces, and could sign two votes in a round. Where
 * the folder cannot be used, that is logged as a warning, and the key is not locked.
 * @throws UserError `key-in-use` when another process of this user has it
 */
export function lockKey(key: LockedKey, log: Pick<Logger, "warn">, folder = defaultLockFolder()): KeyLock {
  let database: DatabaseSync | undefined;
  try {
    const path = join(folder, fileName(key));
    makePrivate(folder, path);
    database = new DatabaseSync(path, { timeout: 0 });
    // In this mode the lock outlasts the transaction that takes it.
    database.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT;");
  } catch (cause) {
    database?.close();
    if (isBusy(cause)) {
      throw new UserError("key-in-use", `another node or relay on this machine runs with the key of ${key.address}`, {
        remedy: "stop it, or give this one a key of its own",
        cause,
      });
    }
    log.warn(`the key is not locked against a second node: ${folder} cannot be used (${String(cause)})`);
    return { release: () => undefined };
  }
  const locked = database;
  return { release: () => locked.close() };
}

function fileName({ chain, address }: LockedKey): string {
  return `${`${chain}-${address}`.toLowerCase().replaceAll(/[^0-9a-z]/g, "-")}.sqlite`;
}

/** Makes the file, readable by this user only: SQLite itself would let others read it. */
function makePrivate(folder: string, path: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  try {
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    // It must not be opened again: closing it would free a lock that this process has on it (POSIX).
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
  // SQLite opens what cannot be written for reading, and then locks nobody out.
  accessSync(path, constants.R_OK | constants.W_OK);
}

/** SQLITE_BUSY, by the lower byte of SQLite's error number. */
function isBusy(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && ((error.errcode as number) & 0xff) === 5;
}
