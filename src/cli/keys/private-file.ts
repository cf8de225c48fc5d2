import { randomBytes } from "node:crypto";
import { link, mkdir, open, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";

import { UserError } from "../../errors.ts";

/**
 * Writes a file that only its owner can read, from its first byte on; whole or not at all, and never over another.
 * @throws UserError `exists` where there is one
 */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw unwritable(path, codeOf(error), error);
  });
  try {
    const temporary = join(folder, `.${randomBytes(8).toString("hex")}.tmp`);
    await writeNew(temporary, text);
    try {
      // Unlike a renaming, it fails where the name is taken.
      await link(temporary, path);
    } finally {
      await unlink(temporary);
    }
    await syncFolder(folder);
  } catch (error) {
    throw explain(error, path);
  }
}

async function writeNew(path: string, text: string): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } catch (error) {
    await unlink(path);
    throw error;
  } finally {
    await file.close();
  }
}

/** So that the name is on disk as well. Not every system can. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => undefined);
  try {
    await handle?.sync();
  } catch {
    // The file itself was.
  } finally {
    await handle?.close();
  }
}

function explain(error: unknown, path: string): UserError {
  const code = codeOf(error);
  if (code !== "EEXIST") return unwritable(path, code, error);
  return new UserError("exists", `${path} is there already`, { remedy: "nothing is overwritten: take another name" });
}

function unwritable(path: string, code: string, cause: unknown): UserError {
  return new UserError("key-folder", `${path} cannot be written: ${code}`, {
    remedy: "give a folder of your own with --keys",
    cause,
  });
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
