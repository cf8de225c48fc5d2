/**
 * Runs the benchmarks, each in a process of its own: `npm run bench`, or one of them with its options, as
 * `npm run bench -- training --rounds 3`.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Of these, learning takes half an hour: it runs only where it is named. */
const all = ["training", "storage", "demo", "membership", "learning"] as const;
const [name, ...options] = process.argv.slice(2);
const chosen = all.filter((bench) => (name === undefined ? bench !== "learning" : bench === name));
if (chosen.length === 0) {
  console.error(`error: no benchmark is called ${JSON.stringify(name)} (use one of: ${all.join(", ")})`);
  process.exit(2);
}
for (const bench of chosen) {
  console.log(`\n${bench}\n`);
  const script = fileURLToPath(new URL(`./bench/${bench}.ts`, import.meta.url));
  const { status } = spawnSync(process.execPath, [script, ...options], { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
