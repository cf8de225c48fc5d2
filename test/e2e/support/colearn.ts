import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The program as it is installed. */
export const colearnPath = fileURLToPath(new URL("../../../bin/colearn.js", import.meta.url));

export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line to its end, in a process of its own, as a person would. */
export function colearn(args: readonly string[]): Promise<Run> {
  return run(process.execPath, [colearnPath, ...args]);
}

/** `npm start --` with arguments of the demo. */
export function npmStart(args: readonly string[]): Promise<Run> {
  return run("npm", ["start", "--", ...args]);
}

async function run(command: string, args: readonly string[]): Promise<Run> {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], timeout: 240_000, killSignal: "SIGKILL" });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, stdout, stderr };
}

/** The same, for a command that must succeed; gives what it printed with `--json`. */
export async function colearnJson<T>(args: readonly string[]): Promise<T> {
  const { code, stdout, stderr } = await colearn([...args, "--json"]);
  if (code !== 0) throw new Error(`colearn ${args.join(" ")} exited with ${String(code)}: ${stderr}`);
  return JSON.parse(stdout) as T;
}

/** A folder that is gone when the scope ends. */
export async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), "colearn-test-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** Looks again and again until something is so. */
export async function until(what: string, test: () => boolean | Promise<boolean>, seconds = 60): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!(await test())) {
    if (Date.now() > end) throw new Error(`waited ${seconds} s in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
