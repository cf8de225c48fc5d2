import { ColearnError } from "../errors.ts";

/**
 * Why a store could not do what it was asked for:
 *
 * - `too-large`: the file has more bytes than the caller allows, or claims to.
 * - `not-found`: neither this store nor a provider gave the file in time. Trying again later may help.
 * - `malformed`: the content id is no file (a directory, say), or a block in it is not what its parent says. Trying
 *   again never helps.
 * - `unavailable`: the store itself cannot work: stopped, disk full, daemon gone.
 */
export type StoreErrorCode = "too-large" | "not-found" | "malformed" | "unavailable";

export class StoreError extends ColearnError {
  override readonly name = "StoreError";
  declare readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options: { remedy?: string; cause?: unknown } = {}) {
    super(code, message, options);
  }
}

/**
 * Runs disk work and tells a full or read-only disk from a defect: the former becomes StoreError `unavailable`.
 */
export async function onDisk<T>(directory: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = systemErrorCode(error);
    const said = code === undefined ? undefined : diskErrors[code];
    if (said === undefined) throw error;
    throw new StoreError("unavailable", `the store in ${directory} cannot write: ${said.what} (${code})`, {
      remedy: said.remedy,
      cause: error,
    });
  }
}

const diskErrors: Partial<Record<string, { what: string; remedy: string }>> = {
  ENOSPC: { what: "the disk is full", remedy: "free some space, or choose a data folder on another disk" },
  EDQUOT: { what: "the disk quota is used up", remedy: "free some space, or choose a data folder on another disk" },
  EROFS: { what: "the file system is read-only", remedy: "choose a data folder that can be written" },
  EACCES: { what: "permission denied", remedy: "choose a data folder that this user may write" },
  EPERM: { what: "permission denied", remedy: "choose a data folder that this user may write" },
};

/** The system's error code (`ENOSPC`, …) of an error or of the first of its causes that has one. */
export function systemErrorCode(error: unknown): string | undefined {
  for (let e = error; e instanceof Error; e = e.cause) {
    if ("code" in e && typeof e.code === "string" && /^E[A-Z0-9]+$/.test(e.code)) return e.code;
  }
  return undefined;
}
