import { spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { createInterface } from "node:readline";
import { join } from "node:path";

import { colearnPath } from "./colearn.ts";
import type { TestExperiment } from "./experiment.ts";

/** A relay as a process of its own; it is stopped when the scope ends. */
export interface RelayProcess extends AsyncDisposable {
  readonly addresses: readonly string[];
  readonly exitCode: number | null;
}

/** Starts `colearn relay` with a test account's key, and waits until it is ready. */
export async function startRelay({ id, rpc, ledger, folder }: TestExperiment, account: number): Promise<RelayProcess> {
  const target = [id.toString(), "--rpc", rpc, "--contract", ledger.address];
  const own = ["--dev-account", String(account), "--home", join(folder, `relay-${account}`), "--json"];
  // The channel ends with this process: the relay then stops by itself.
  const child = spawn(process.execPath, [colearnPath, "relay", ...target, ...own], {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: { ...process.env, XDG_STATE_HOME: folder },
  });
  child.stderr?.pipe(createWriteStream(join(folder, `relay-${account}.log`)));
  const exited = once(child, "exit");
  if (child.stdout === null) throw new Error("the relay has no standard output");
  const [line] = (await Promise.race([
    once(createInterface({ input: child.stdout }), "line"),
    exited.then(() => {
      throw new Error(`the relay exited with ${String(child.exitCode)}`);
    }),
  ])) as [string];
  return {
    addresses: (JSON.parse(line) as { addresses: string[] }).addresses,
    get exitCode() {
      return child.exitCode;
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await exited;
    },
  };
}
