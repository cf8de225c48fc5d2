/**
 * The demo as `npm start` runs it: wall-clock time, what each node holds in memory at its peak, and what the report says of
 * accuracy and of where the time went. Usage: node scripts/bench/demo.ts [options of the demo]
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { reportSchema, summarise } from "../../src/report/report.ts";

const LOOK_MILLISECONDS = 500;

const folder = await mkdtemp(join(tmpdir(), "colearn-bench-"));
const colearn = fileURLToPath(new URL("../../bin/colearn.js", import.meta.url));
const start = performance.now();
const demo = spawn(process.execPath, [colearn, "demo", "--json", "--out", folder, ...process.argv.slice(2)], {
  stdio: ["ignore", "ignore", "pipe"],
});
let told = "";
demo.stderr.on("data", (chunk: Buffer) => (told += chunk.toString()));

/** Peak resident memory in MB, by process id. Linux only. */
const peaks = new Map<number, number>();
const look = setInterval(() => {
  const pids = /pids ([\d, ]+)/.exec(told)?.[1]?.split(", ").map(Number) ?? [];
  for (const pid of pids) void note(pid);
}, LOOK_MILLISECONDS);

async function note(pid: number): Promise<void> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const kilobytes = /VmHWM:\s+(\d+) kB/.exec(status)?.[1];
  if (kilobytes !== undefined) peaks.set(pid, Math.round(Number(kilobytes) / 1024));
}

const [code] = (await once(demo, "exit")) as [number];
clearInterval(look);
if (code !== 0) {
  console.error(told);
  process.exit(1);
}
const report = reportSchema.parse(JSON.parse(await readFile(join(folder, "report.json"), "utf8")));
await rm(folder, { recursive: true, force: true });
const seconds = Math.round((performance.now() - start) / 1000);
console.log(`${summarise(report).join("\n")}\nwall-clock ${seconds} s`);
console.log(`peak resident memory of each node: ${[...peaks.values()].map((peak) => `${peak} MB`).join(", ")}`);
