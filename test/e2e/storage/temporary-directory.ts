import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Runs a piece of a test with a directory of its own, which goes when it ends. */
export async function temporaryDirectory(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), "colearn-store-"));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
