#!/usr/bin/env node
// The installed package runs what was compiled; a checkout runs its source, which needs a newer Node.
import { existsSync } from "node:fs";

const source = new URL("../src/cli/main.ts", import.meta.url);
const isCheckout = existsSync(source);
const [neededMajor, neededMinor] = isCheckout ? [24, 0] : [22, 19];
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < neededMajor || (major === neededMajor && minor < neededMinor)) {
  const needed = neededMinor === 0 ? neededMajor : `${neededMajor}.${neededMinor}`;
  process.stderr.write(`error: colearn needs Node ${needed} or newer, and this is ${process.version}\n`);
  process.exit(2);
}

// Node 22 calls its own SQLite experimental, on standard error, whenever a node starts.
const { emitWarning } = process;
process.emitWarning = (warning, ...rest) => {
  if (!String(warning).startsWith("SQLite is an experimental feature")) emitWarning.call(process, warning, ...rest);
};

const { runAndExit } = await import(isCheckout ? source.href : new URL("../dist/cli/main.js", import.meta.url).href);
await runAndExit(process.argv.slice(2));
