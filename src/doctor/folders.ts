import { constants, existsSync, statSync } from "node:fs";
import { access, readdir, statfs } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";

import { ok, problem, warning, type Finding } from "./finding.ts";

/** What a learner trains and evaluates on. */
export interface DataOptions {
  readonly dataDir?: string | undefined;
  readonly testDir?: string | undefined;
  readonly shard?: unknown;
}

export async function examineData({ dataDir, testDir, shard }: DataOptions): Promise<Finding> {
  const folders = Object.entries({ "--data-dir": dataDir, "--test-dir": testDir });
  const told: string[] = [];
  for (const [flag, folder] of folders) {
    if (folder === undefined) continue;
    const files = await readdir(folder).catch(() => undefined);
    if (files === undefined) return problem("data", `the folder ${folder} cannot be read`, `check ${flag}`);
    if (files.length === 0) return problem("data", `the folder ${folder} is empty`, "put the task's files there");
    for (const file of files.map((name) => join(folder, name))) {
      if (await may(file, constants.R_OK)) continue;
      return problem("data", `${file} cannot be read`, "give this user the right to read it");
    }
    told.push(`${folder}: ${files.length} ${files.length === 1 ? "entry" : "entries"}, all readable`);
  }
  if (dataDir !== undefined) return ok("data", told.join("; "));
  if (shard !== undefined) return ok("data", ["a part of the task's public data", ...told].join("; "));
  return warning("data", "no data are named", "give the folder with --data-dir, or a part of public data with --shard");
}

const GIB = 2 ** 30;
/** A few rounds of large weights. */
const LITTLE_BYTES = 2 * GIB;
/** Journal and store want this much even where weights are small. */
const TOO_LITTLE_BYTES = GIB / 4;

/** @param bytes free for this user */
export function judgeDisk(folder: string, bytes: number): Finding {
  const free = `${(bytes / GIB).toFixed(1)} GiB free for ${folder}`;
  if (bytes >= LITTLE_BYTES) return ok("disk", free);
  const remedy = "make room, or take another disk with --home";
  return bytes < TOO_LITTLE_BYTES ? problem("disk", free, remedy) : warning("disk", free, remedy);
}

export async function examineDisk(home: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(existingPart(home));
  return judgeDisk(home, bavail * bsize);
}

/** The folder, or the one that it would be made in. */
export function existingPart(folder: string): string {
  let at = resolve(folder);
  while (!existsSync(at) && dirname(at) !== at) at = dirname(at);
  return at;
}

export async function may(path: string, mode: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}

/** What others may do with a file or folder that is not theirs; nothing where there is none. */
export function othersMay(path: string): "read" | "write" | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined || process.platform === "win32") return undefined;
  if ((stat.mode & 0o022) !== 0) return "write";
  return (stat.mode & 0o044) !== 0 ? "read" : undefined;
}
