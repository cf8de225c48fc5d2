/** A chain that mines by interval and can be made to go back, to stop and to jump. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

import { startChain } from "../../src/demo/chain.ts";

export interface ChaosChain extends AsyncDisposable {
  readonly client: "anvil" | "hardhat";
  /** Address of its endpoint. */
  readonly rpc: string;
  /** Replaces the last blocks by others, without their transactions. */
  reorganise(depth: number): Promise<void>;
  /** Lets the chain's time go forward. */
  jump(seconds: number): Promise<void>;
  /** Kills the client. @throws where it is in this process */
  kill(): Promise<void>;
  /** Starts it again from what it saved. */
  restart(): Promise<void>;
}

export interface ChaosChainOptions {
  readonly accounts: number;
  readonly blockSeconds: number;
  /** For what it saves. */
  readonly folder: string;
}

const MNEMONIC = "test test test test test test test test test test test junk";
const CHAIN_ID = 31_337;
const CALL_MILLISECONDS = 20_000;

/** Anvil where the variable COLEARN_ANVIL names it, else Hardhat's own chain. */
export async function startChaosChain(options: ChaosChainOptions): Promise<ChaosChain> {
  const program = process.env.COLEARN_ANVIL;
  if (program !== undefined && existsSync(program)) return Anvil.start(program, options);
  return startHardhat(options);
}

async function call(rpc: string, method: string, ...params: readonly unknown[]): Promise<unknown> {
  const response = await fetch(rpc, {
    method: "POST",
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
    headers: { "content-type": "application/json" },
    signal: AbortSignal.timeout(CALL_MILLISECONDS),
  });
  const { result, error } = (await response.json()) as { result?: unknown; error?: { message: string } };
  if (error) throw new Error(`${method}: ${error.message}`);
  return result;
}

/** Forgets what was mined within some seconds from now. (anvil's own `anvil_reorg` hung for ever, once in five times.) */
async function goBack(rpc: string, seconds: number): Promise<void> {
  const snapshot = await call(rpc, "evm_snapshot");
  await sleep(seconds * 1_000);
  await call(rpc, "evm_revert", snapshot);
}

class Anvil implements ChaosChain {
  readonly client = "anvil";
  rpc = "";
  readonly #program: string;
  readonly #options: ChaosChainOptions;
  #process: ChildProcess | undefined;
  #port = 0;

  private constructor(program: string, options: ChaosChainOptions) {
    this.#program = program;
    this.#options = options;
  }

  static async start(program: string, options: ChaosChainOptions): Promise<Anvil> {
    const anvil = new Anvil(program, options);
    await anvil.restart();
    return anvil;
  }

  reorganise(depth: number): Promise<void> {
    return goBack(this.rpc, depth * this.#options.blockSeconds);
  }

  async jump(seconds: number): Promise<void> {
    await call(this.rpc, "evm_increaseTime", seconds);
  }

  async kill(): Promise<void> {
    if (this.#process === undefined) return;
    const exited = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await exited;
    this.#process = undefined;
  }

  async restart(): Promise<void> {
    const { accounts, blockSeconds, folder } = this.#options;
    const flags = {
      host: "127.0.0.1",
      port: this.#port,
      accounts,
      mnemonic: MNEMONIC,
      "chain-id": CHAIN_ID,
      "block-time": blockSeconds,
      state: join(folder, "chain.json"),
      "state-interval": 1,
      hardfork: "prague",
    };
    const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, `${value}`]);
    const client = spawn(this.#program, args, { stdio: ["ignore", "pipe", "inherit"] });
    this.#process = client;
    const lines = createInterface({ input: client.stdout });
    await new Promise<void>((resolve, reject) => {
      client.once("exit", () => reject(new Error("anvil ended before it listened")));
      lines.on("line", (line) => {
        const [, address] = /Listening on (\S+)/.exec(line) ?? [];
        if (address === undefined) return;
        this.rpc = `http://${address}`;
        this.#port = Number(new URL(this.rpc).port);
        resolve();
      });
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }
}

/** Within this process: there is nothing to kill, and going back is what a snapshot is for. */
async function startHardhat({ accounts, blockSeconds }: ChaosChainOptions): Promise<ChaosChain> {
  const chain = await startChain({ accounts, blockSeconds });
  const { rpc } = chain;
  const impossible = () => Promise.reject(new Error("Hardhat's chain is in this process, and keeps nothing on disk"));
  return {
    client: "hardhat",
    rpc,
    reorganise: (depth) => goBack(rpc, depth * blockSeconds),
    async jump(seconds) {
      await call(rpc, "evm_increaseTime", seconds);
    },
    kill: impossible,
    restart: impossible,
    [Symbol.asyncDispose]: () => chain.stop(),
  };
}
