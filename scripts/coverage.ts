/**
 * Runs the contracts' tests, in TypeScript and in Solidity, and prints which part of the contracts' lines and branches
 * they see. Exits with 1 where a test fails or a file is below the limit.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";

import { BRANCHES, percentOf, readCoverage, type Share } from "./contract-coverage/report.ts";

/** In percent, of each file. */
const LIMIT = 98;

await rm(BRANCHES, { recursive: true, force: true });
const tests = spawn("hardhat", ["--config", "scripts/contract-coverage/hardhat.config.ts", "test", "--coverage"], {
  stdio: ["ignore", process.argv.includes("--verbose") ? "inherit" : "pipe", "inherit"],
});
const output: string[] = [];
tests.stdout?.on("data", (chunk: Buffer) => output.push(chunk.toString()));
const [code] = (await once(tests, "exit")) as [number | null];
if (code !== 0) {
  console.error(output.join(""));
  console.error(`The tests failed under coverage (exit code ${code}).`);
  process.exit(1);
}

const files = await readCoverage();
const width = Math.max(...files.map(({ file }) => file.length));
const cell = (share: Share) =>
  `${share.all - share.missed.length} of ${share.all}`.padStart(14) + `${percentOf(share).toFixed(1)} %`.padStart(9);
console.log(`${"".padEnd(width)}${"lines".padStart(23)}${"branches".padStart(23)}`);
for (const { file, lines, branches } of files) console.log(`${file.padEnd(width)}${cell(lines)}${cell(branches)}`);
for (const { file, lines, branches } of files) {
  if (lines.missed.length > 0) console.log(`${file}: no test runs line ${lines.missed.join(", ")}`);
  for (const branch of branches.missed) console.log(`${file}: ${branch}`);
}
const low = files.filter(({ lines, branches }) => Math.min(percentOf(lines), percentOf(branches)) < LIMIT);
if (low.length > 0) {
  console.error(`Below ${LIMIT} %: ${low.map(({ file }) => file).join(", ")}`);
  process.exit(1);
}
