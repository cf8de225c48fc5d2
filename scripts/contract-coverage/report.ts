/** What a run with `--coverage` left behind: lines in lcov's format, branches and what was seen of them in JSON. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import type { Branch } from "./branches.ts";

const FOLDER = "coverage";
export const BRANCHES = join(FOLDER, "branches");

export interface FileCoverage {
  readonly file: string;
  readonly lines: Share;
  readonly branches: Share;
}

/** @param missed What was not seen, for people. */
export interface Share {
  readonly all: number;
  readonly missed: readonly string[];
}

export async function readCoverage(): Promise<FileCoverage[]> {
  const seen = await seenTags();
  const branches = (await readAll<Branch[]>(BRANCHES)).flat();
  const lcov = await readFile(join(FOLDER, "lcov.info"), "utf8");
  return lcov
    .split("end_of_record")
    .filter((record) => record.includes("SF:"))
    .map((record) => {
      const file = /SF:(.*)/.exec(record)?.[1] ?? "";
      const lines = [...record.matchAll(/DA:(\d+),(\d+)/g)];
      const own = branches.filter((branch) => branch.file === file);
      return {
        file,
        lines: { all: lines.length, missed: lines.filter(([, , count]) => count === "0").map(([, line]) => `${line}`) },
        branches: { all: own.length, missed: own.filter(({ tag }) => !seen.has(tag)).map(nameOf) },
      };
    })
    .sort((one, other) => one.file.localeCompare(other.file));
}

function nameOf({ line, condition, holds }: Branch): string {
  return `line ${line}: ${condition} is never ${holds}`;
}

async function seenTags(): Promise<Set<string>> {
  const data = join(FOLDER, "data");
  const runs = await Promise.all((await readdir(data)).map((run) => readAll<object>(join(data, run))));
  return new Set(runs.flat().flatMap((counts) => Object.keys(counts)));
}

async function readAll<T>(folder: string): Promise<T[]> {
  const names = await readdir(folder);
  return await Promise.all(names.map(async (name) => JSON.parse(await readFile(join(folder, name), "utf8")) as T));
}

/** In percent; of nothing, all is covered. */
export function percentOf({ all, missed }: Share): number {
  return all === 0 ? 100 : (100 * (all - missed.length)) / all;
}
