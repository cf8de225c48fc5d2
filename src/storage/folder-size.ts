import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

/** Bytes of all files under a folder. Files that go meanwhile are left out. */
export async function bytesUnder(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(unlessGone([]))) {
    const path = join(folder, entry.name);
    // One after the other: this is never urgent, and the disk has other work.
    bytes += entry.isDirectory() ? await bytesUnder(path) : await bytesOf(path);
  }
  return bytes;
}

async function bytesOf(path: string): Promise<number> {
  return stat(path).then(({ size }) => size, unlessGone(0));
}

function unlessGone<T>(instead: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (error.code === "ENOENT") return instead;
    throw error;
  };
}
