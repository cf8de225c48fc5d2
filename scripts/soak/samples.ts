/** What a node's process holds, and whether that grows. */
import { readdir, readFile } from "node:fs/promises";

import { bytesUnder } from "../../src/storage/folder-size.ts";

export interface Measured {
  /** Resident memory, bytes. */
  readonly memory: number;
  readonly openFiles: number;
  /** Bytes of the node's folder. */
  readonly disk: number;
}

export interface Sample {
  readonly round: number;
  readonly nodes: readonly Measured[];
}

/** The rounds at either end that are compared. */
const PART_ROUNDS = 100;
/** How much more memory the last rounds may take than the first: what garbage collection puts off is noise. */
const MEMORY_GROWTH = 0.1;
const MORE_OPEN_FILES = 4;
/** How much more disk the last rounds may take than those after half of all: by then the journal is as long as it gets. */
const DISK_GROWTH = 0.1;
/** LevelDB's log and SQLite's grow and are emptied again. */
const DISK_NOISE = 2 ** 19;

export async function measure(pid: number, home: string): Promise<Measured> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const memory = Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1_024;
  return { memory, openFiles: (await readdir(`/proc/${pid}/fd`)).length, disk: await bytesUnder(home) };
}

/** The first rounds (after as many to warm up, where there are enough) beside the last ones, as a table. */
export function compare(samples: readonly Sample[], rounds: number): { lines: string[]; failures: string[] } {
  const part = Math.min(PART_ROUNDS, Math.floor(rounds / 3));
  const first = samples.filter(({ round }) => round <= part);
  const warm = samples.filter(({ round }) => round > part && round <= 2 * part);
  const half = samples.filter(({ round }) => round > rounds / 2 && round <= rounds / 2 + part);
  const last = samples.filter(({ round }) => round > rounds - part);
  const lines = [
    `| node | memory, first ${part} rounds | next ${part} | last ${part} | open files, first | last | disk, after half | last | most |`,
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
  ];
  const failures: string[] = [];
  for (const node of samples[0]?.nodes.keys() ?? []) {
    const median = (of: readonly Sample[], field: keyof Measured) =>
      medianOf(of.map(({ nodes }) => nodes[node]?.[field] ?? 0));
    const most = Math.max(...samples.map(({ nodes }) => nodes[node]?.disk ?? 0));
    const memory = [first, warm, last].map((of) => median(of, "memory"));
    const files = [first, last].map((of) => median(of, "openFiles"));
    const disk = [half, last].map((of) => median(of, "disk"));
    const cells = [node, ...memory.map(megabytes), ...files, ...disk.map(megabytes), megabytes(most)];
    lines.push(`| ${cells.join(" | ")} |`);
    const [, warmMemory = 0, lastMemory = 0] = memory;
    if (lastMemory > warmMemory * (1 + MEMORY_GROWTH)) failures.push(`node ${node} holds more and more memory`);
    if ((files[1] ?? 0) > (files[0] ?? 0) + MORE_OPEN_FILES) failures.push(`node ${node} opens more and more files`);
    if ((disk[1] ?? 0) > (disk[0] ?? 0) * (1 + DISK_GROWTH) + DISK_NOISE)
      failures.push(`node ${node} takes more and more disk`);
  }
  return { lines, failures };
}

function medianOf(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}

function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
