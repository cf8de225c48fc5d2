/** A disk of little room, in memory, at a folder; for this, root on Linux is needed. */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

const MEGABYTES = 64;
const PART_BYTES = 64 * 1024;

export class SmallDisk implements AsyncDisposable {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Whether this user may mount one. */
  static async isPossible(): Promise<boolean> {
    const folder = await mkdtemp(join(tmpdir(), "colearn-mount-"));
    try {
      await (await SmallDisk.mount(folder))[Symbol.asyncDispose]();
      return true;
    } catch {
      return false;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** @throws where this user may not */
  static async mount(folder: string, megabytes = MEGABYTES): Promise<SmallDisk> {
    await mkdir(folder, { recursive: true });
    await run("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", folder]);
    return new SmallDisk(folder);
  }

  /** Leaves no room at all. */
  async fill(): Promise<void> {
    const file = await open(this.#ballast, "a");
    try {
      for (let size = PART_BYTES; size >= 1;) {
        const written = await file.write(Buffer.alloc(size)).catch(() => ({ bytesWritten: 0 }));
        if (written.bytesWritten === 0) size = Math.floor(size / 16);
      }
    } finally {
      await file.close();
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
