/** Results on disk, so that an interrupted benchmark goes on, and settings that occur twice run once. */
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

import type { Result } from "./run.ts";
import type { Setting } from "./setting.ts";

/** All that a result depends on. */
export interface Run {
  readonly setting: Setting;
  readonly seed: number;
  readonly totalSteps: number;
  readonly testImages: number;
}

export class Results {
  readonly #path: string;
  readonly #results: Map<string, Result>;

  private constructor(path: string, results: Map<string, Result>) {
    this.#path = path;
    this.#results = results;
  }

  static async open(path: string): Promise<Results> {
    const text = await readFile(path, "utf8").catch(() => "{}");
    return new Results(path, new Map(Object.entries(JSON.parse(text) as Record<string, Result>)));
  }

  get(run: Run): Result | undefined {
    return this.#results.get(keyOf(run));
  }

  async add(run: Run, result: Result): Promise<void> {
    this.#results.set(keyOf(run), result);
    await mkdir(dirname(this.#path), { recursive: true });
    // Beside it, and then in its place: whoever stops the benchmark keeps a whole file.
    const part = `${this.#path}.part`;
    await writeFile(part, `${JSON.stringify(Object.fromEntries(this.#results), null, 1)}\n`);
    await rename(part, this.#path);
  }
}

function keyOf({ setting, seed, totalSteps, testImages }: Run): string {
  const parts = Object.entries(setting).map(([name, value]) => `${name} ${value}`);
  return [...parts.sort(), `seed ${seed}`, `steps ${totalSteps}`, `test ${testImages}`].join(", ");
}
