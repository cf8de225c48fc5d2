/** Files of a stakeholder's folder, plain or gzip'ed. */
import { createReadStream } from "node:fs";
import { access } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";

const CHUNK = 1 << 20;

export function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** The path of the first of these files that is in the folder, as it is called or with .gz. */
export async function findFile(folder: string, names: readonly string[]): Promise<string | undefined> {
  for (const name of names.flatMap((plain) => [plain, `${plain}.gz`])) {
    const path = join(folder, name);
    if (await exists(path)) return path;
  }
  return undefined;
}

/** A file's content as a stream, unpacked if its name ends in .gz. */
export function openUnpacked(path: string): Readable {
  const file = createReadStream(path, { highWaterMark: CHUNK });
  if (!path.endsWith(".gz")) return file;
  const plain = createGunzip({ chunkSize: CHUNK });
  // pipe() does not pass errors on, and a file that breaks off must not look like one that ends.
  file.on("error", (error) => plain.destroy(error));
  return file.pipe(plain);
}
