import { execFile } from "node:child_process";
import { mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

const MEGABYTES = 16;

/** A disk of little room at a folder, in memory; undefined where this user may not mount one (only root on Linux may). */
export async function mountSmallDisk(folder: string): Promise<SmallDisk | undefined> {
  await mkdir(folder, { recursive: true });
  try {
    await run("mount", ["-t", "tmpfs", "-o", `size=${MEGABYTES}m`, "tmpfs", folder]);
  } catch {
    return undefined;
  }
  return new SmallDisk(folder);
}

export class SmallDisk implements AsyncDisposable {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Leaves not one byte. */
  async fill(): Promise<void> {
    const ballast = await open(this.#ballast, "a");
    try {
      for (let size = 64 * 1024; size >= 1;) {
        const { bytesWritten } = await ballast.write(Buffer.alloc(size)).catch(() => ({ bytesWritten: 0 }));
        if (bytesWritten === 0) size = Math.floor(size / 16);
      }
    } finally {
      await ballast.close();
    }
  }

  async clear(): Promise<void> {
    await rm(this.#ballast, { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await run("umount", ["-l", this.#folder]);
  }

  get #ballast(): string {
    return join(this.#folder, "ballast");
  }
}
