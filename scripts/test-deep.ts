/**
 * The same invariants, fuzz tests and comparisons with the model as in `npm test`, with many more runs, and each time with
 * other numbers: the seeds are printed first, and given in the environment they have a failure again.
 *
 *     npm run test:deep
 *     COLEARN_INVARIANT_RUNS=500 COLEARN_FUZZ_SEED=0x… npm run test:deep
 */
import { spawnSync } from "node:child_process";
import { randomBytes, randomInt } from "node:crypto";
import { globSync } from "node:fs";

const chosen = {
  COLEARN_FUZZ_RUNS: "20000",
  COLEARN_FUZZ_SEED: `0x${randomBytes(32).toString("hex")}`,
  COLEARN_INVARIANT_RUNS: "10000",
  COLEARN_INVARIANT_DEPTH: "100",
  COLEARN_MODEL_RUNS: "1000",
  COLEARN_MODEL_SEED: `${randomInt(2 ** 31)}`,
};
const settings = Object.fromEntries(
  Object.entries(chosen).map(([name, usual]) => [name, process.env[name] ?? usual] as const),
);
console.log(
  Object.entries(settings)
    .map(([name, value]) => `${name}=${value}`)
    .join(" "),
);

function run(...args: string[]): void {
  const { status } = spawnSync("hardhat", args, {
    stdio: "inherit",
    env: { ...process.env, ...settings },
    shell: process.platform === "win32",
  });
  if (status !== 0) process.exit(status ?? 1);
}

run("test", "solidity", ...globSync("test/contracts/**/*.t.sol"));
run("test", "mocha", "--no-compile", "test/contracts/model.test.ts");
