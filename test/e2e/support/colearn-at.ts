import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";

import { colearnPath, type Run } from "./colearn.ts";

export interface Place {
  /** Working directory: a configuration file may be there. */
  readonly folder: string;
  /** Beside this process's own environment. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Given to the program as file descriptor 3. */
  readonly descriptor?: string;
  /** A program that starts it, with its first arguments. */
  readonly through?: (command: readonly string[]) => readonly string[];
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/** Runs the command line at a place to its end; `watch` may talk to it meanwhile. */
export async function colearnAt(
  { folder, environment, input, descriptor, through = (command) => command }: Place,
  args: readonly string[],
  watch: (child: Child, output: () => string) => Promise<void> = async () => undefined,
): Promise<Run> {
  const [command = "", ...rest] = through([process.execPath, colearnPath, ...args]);
  const options = { cwd: folder, env: { ...process.env, ...environment }, timeout: 120_000 };
  const child = spawn(command, rest, {
    ...options,
    stdio: ["pipe", "pipe", "pipe", descriptor === undefined ? "ignore" : "pipe"],
  }) as unknown as Child & { readonly stdio: readonly unknown[] };
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const closed = once(child, "close") as Promise<[number | null]>;
  // A program that ends early leaves its input unread.
  child.stdin.on("error", () => undefined);
  if (input !== undefined) child.stdin.end(input);
  if (descriptor !== undefined) (child.stdio[3] as Writable).on("error", () => undefined).end(descriptor);
  await watch(child, () => stdout + stderr);
  child.stdin.end();
  const [code] = await closed;
  return { code, stdout, stderr };
}
