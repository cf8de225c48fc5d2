/** Our own contract with some lines changed, compiled here: whatever the contract becomes, a fault stays one line of it. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";

import { compile } from "../deploy/support/compiler.ts";

/** A text that is once in a source, and what stands there instead. */
export interface Fault {
  readonly source: string;
  readonly line: string;
  readonly instead: string;
}

const MAIN = "contracts/CollectiveLearning.sol";
const settings = { optimizer: { enabled: true, runs: 1 }, evmVersion: "prague", viaIR: true };

/** The bytecode of the contract with these faults. */
export async function bytecodeWith(faults: readonly Fault[]): Promise<string> {
  const sources = await sourcesOf(MAIN);
  for (const { source, line, instead } of faults) {
    const { content = "" } = sources[source] ?? {};
    const [before = "", after = "", ...more] = content.split(line);
    if (!content.includes(line) || more.length > 0) throw new Error(`"${line}" is not once in ${source}`);
    sources[source] = { content: `${before}${instead}${after}` };
  }
  const { evm } = await compile({ language: "Solidity", sources, settings }, `${MAIN}:CollectiveLearning`);
  return `0x${evm.bytecode.object}`;
}

/** A source and all that it imports, by the names that the compiler gives them. */
async function sourcesOf(main: string): Promise<Record<string, { content: string }>> {
  const sources: Record<string, { content: string }> = {};
  const left = [main];
  for (let name = left.pop(); name !== undefined; name = left.pop()) {
    if (name in sources) continue;
    const content = await readFile(placeOf(name), "utf8");
    sources[name] = { content };
    const from = posix.dirname(name);
    for (const [, path = ""] of content.matchAll(/^(?:import|\}) [^;]*?"([^"]+)";/gm)) {
      left.push(path.startsWith(".") ? posix.join(from, path) : path);
    }
  }
  return sources;
}

function placeOf(name: string): string {
  if (name.startsWith("@")) return createRequire(import.meta.url).resolve(name);
  return fileURLToPath(new URL(`../../../${name}`, import.meta.url));
}
