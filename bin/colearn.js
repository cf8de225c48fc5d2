#!/usr/bin/env node
// The installed package runs what was compiled; a checkout runs its source.
import { existsSync } from "node:fs";

if (Number.parseInt(process.versions.node) < 24) {
  process.stderr.write(`error: colearn needs Node 24 or newer, and this is ${process.version}\n`);
  process.exit(2);
}
const source = new URL("../src/cli/main.ts", import.meta.url);
const { runAndExit } = await import(
  existsSync(source) ? source.href : new URL("../dist/cli/main.js", import.meta.url).href
);
await runAndExit(process.argv.slice(2));
