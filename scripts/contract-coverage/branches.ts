/**
 * Branches of Solidity: Hardhat's coverage knows lines and statements only. Every condition gets a call around it that
 * tells the same observer how it turned out: `if (c)` becomes `if (seen(tag, c))`, likewise loops, `?:`, and what stands
 * left of `&&` and `||`, which decides whether the right is looked at. Each of these has two branches.
 */
import { createHash } from "node:crypto";
import { createRequire } from "node:module";

const solc = createRequire(import.meta.url)("solc") as { compile(input: string): string };

/** @param tag What its observer is told, as 64 hexadecimal digits: the last one is 1 where the condition held. */
export interface Branch {
  readonly file: string;
  readonly line: number;
  readonly condition: string;
  readonly holds: boolean;
  readonly tag: string;
}

interface Span {
  readonly start: number;
  readonly end: number;
}

type Node = Readonly<Record<string, unknown>> & { readonly nodeType?: string };

/** The source with calls around its conditions, which are the same, in the same order, as those of the original. */
export function markBranches(
  file: string,
  original: string,
  instrumented: string,
): { source: string; branches: Branch[] } {
  const [bytes, wanted] = [Buffer.from(original), conditionsOf(original, file)];
  const found = conditionsOf(instrumented, file);
  if (found.length !== wanted.length) {
    throw new Error(`${file} has ${wanted.length} conditions, and ${found.length} once it is instrumented`);
  }
  const tags = wanted.map((_, place) => hash(`${file} ${place}`).slice(0, 62));
  const branches = wanted.flatMap(({ start, end }, place) => {
    const line = bytes.subarray(0, start).toString().split("\n").length;
    const condition = bytes.subarray(start, end).toString().replaceAll(/\s+/g, " ");
    return [true, false].map((holds) => ({ file, line, condition, holds, tag: `${tags[place]}0${holds ? 1 : 0}` }));
  });
  if (wanted.length === 0) return { source: instrumented, branches };
  const library = `Branches_${hash(file).slice(0, 8)}`;
  const calls = found.map((span, place) => ({ ...span, opening: `${library}.seen(0x${tags[place]}00, ` }));
  return { source: wrap(instrumented, calls) + libraryOf(library, observerOf(instrumented, file)), branches };
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Spans of all conditions in bytes, the outer before the inner. */
function conditionsOf(source: string, file: string): Span[] {
  const settings = { stopAfter: "parsing", outputSelection: { "*": { "": ["ast"] } } };
  const input = { language: "Solidity", sources: { [file]: { content: source } }, settings };
  const output = JSON.parse(solc.compile(JSON.stringify(input))) as {
    sources?: Record<string, { ast: Node }>;
    errors?: unknown;
  };
  const ast = output.sources?.[file]?.ast;
  if (ast === undefined) throw new Error(`${file} cannot be parsed: ${JSON.stringify(output.errors)}`);
  const spans: Span[] = [];
  visit(ast, (node) => {
    const condition = conditionOf(node);
    if (condition === undefined) return;
    const [start = 0, length = 0] = String(condition.src).split(":").map(Number);
    spans.push({ start, end: start + length });
  });
  return spans.sort((one, other) => one.start - other.start || other.end - one.end);
}

const DECIDING = new Set(["IfStatement", "Conditional", "ForStatement", "WhileStatement", "DoWhileStatement"]);

function conditionOf({ nodeType = "", operator, condition, leftExpression }: Node): Node | undefined {
  if (DECIDING.has(nodeType)) return (condition ?? undefined) as Node | undefined;
  const isShortCircuit = nodeType === "BinaryOperation" && (operator === "&&" || operator === "||");
  return isShortCircuit ? (leftExpression as Node) : undefined;
}

function visit(node: unknown, see: (node: Node) => void): void {
  if (typeof node !== "object" || node === null) return;
  if (!Array.isArray(node)) see(node as Node);
  for (const child of Object.values(node)) visit(child, see);
}

function wrap(source: string, calls: readonly (Span & { opening: string })[]): string {
  const insertions = calls.flatMap(({ start, end, opening }, place) => [
    { at: start, order: place + 1, text: opening },
    // What ends where another begins ends first.
    { at: end, order: 0, text: ")" },
  ]);
  insertions.sort((one, other) => one.at - other.at || one.order - other.order);
  const bytes = Buffer.from(source);
  let [written, wrapped] = [0, ""];
  for (const { at, text } of insertions) {
    wrapped += bytes.subarray(written, at).toString() + text;
    written = at;
  }
  return wrapped + bytes.subarray(written).toString();
}

/** The library that Hardhat's own calls go to. */
function observerOf(instrumented: string, file: string): string {
  const name = /(\w+)\.sendHit\(0x/.exec(instrumented)?.[1];
  if (name === undefined) throw new Error(`${file} is not instrumented`);
  return name;
}

function libraryOf(name: string, observer: string): string {
  return `
library ${name} {
    function seen(uint256 tag, bool condition) internal pure returns (bool) {
        ${observer}.sendHit(condition ? tag + 1 : tag);
        return condition;
    }
}
`;
}
