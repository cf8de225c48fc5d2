/** Foundry's anvil as a process of this one's, with Hardhat's own accounts. */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";

import { DEV_MNEMONIC } from "../../src/ledger/dev-accounts.ts";
import { LOCAL_CHAIN_ID } from "../../src/ledger/networks.ts";

/** The path of the program, where the variable COLEARN_ANVIL names one that is there. */
export function anvilProgram(): string | undefined {
  const path = process.env.COLEARN_ANVIL;
  return path !== undefined && existsSync(path) ? path : undefined;
}

export interface Anvil {
  readonly process: ChildProcess;
  /** Address of its endpoint. */
  readonly url: string;
}

/**
 * Starts it, and waits until it listens, which it tells on its output; that is read on and dropped, so that it never waits
 * for a reader.
 * @param flags beyond those that say which accounts and which chain
 */
export async function startAnvil(program: string, flags: Readonly<Record<string, string | number>>): Promise<Anvil> {
  const all = { host: "127.0.0.1", mnemonic: DEV_MNEMONIC, "chain-id": LOCAL_CHAIN_ID, hardfork: "prague", ...flags };
  const args = Object.entries(all).flatMap(([name, value]) => [`--${name}`, `${value}`]);
  const anvil = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  const lines = createInterface({ input: anvil.stdout });
  return new Promise((resolve, reject) => {
    anvil.once("error", (cause) => {
      reject(new Error(`anvil did not start: ${cause.message}`, { cause }));
    });
    anvil.once("exit", () => {
      reject(new Error("anvil ended before it listened"));
    });
    lines.on("line", (line) => {
      const [, address] = /Listening on (\S+)/.exec(line) ?? [];
      if (address !== undefined) resolve({ process: anvil, url: `http://${address}` });
    });
  });
}

/** Asks an endpoint. @throws where it refuses */
export async function ask(url: string, method: string, ...params: readonly unknown[]): Promise<unknown> {
  const response = await fetch(url, {
    method: "POST",
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
    headers: { "content-type": "application/json" },
    signal: AbortSignal.timeout(ANSWER_MILLISECONDS),
  });
  const { result, error } = (await response.json()) as { result?: unknown; error?: { message: string } };
  if (error) throw new Error(`${method}: ${error.message}`);
  return result;
}

const ANSWER_MILLISECONDS = 20_000;
