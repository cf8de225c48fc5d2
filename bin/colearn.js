#!/usr/bin/env node
// The installed package runs what was compiled; a checkout runs its source.
import { existsSync } from "node:fs";

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 19)) {
  process.stderr.write(`error: colearn needs Node 22.19 or newer, and this is ${process.version}\n`);
  process.exit(2);
}
const compiled = new URL("../dist/cli/main.js", import.meta.url);
const { main } = await import(
  existsSync(compiled) ? compiled.href : new URL("../src/cli/main.ts", import.meta.url).href
);
process.exit(await main(process.argv.slice(2)));
