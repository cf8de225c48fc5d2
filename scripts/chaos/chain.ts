/** A chain that mines by interval and can be made to go back, to stop and to jump. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { anvilProgram, ask, startAnvil } from "../anvil/start.ts";
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

/** Anvil where the variable COLEARN_ANVIL names it, else Hardhat's own chain. */
export async function startChaosChain(options: ChaosChainOptions): Promise<ChaosChain> {
  const program = anvilProgram();
  return program === undefined ? startHardhat(options) : Anvil.start(program, options);
}

/** Forgets what was mined within some seconds from now. (anvil's own `anvil_reorg` hung for ever, once in five times.) */
async function goBack(rpc: string, seconds: number): Promise<void> {
  const snapshot = await ask(rpc, "evm_snapshot");
  await sleep(seconds * 1_000);
  await ask(rpc, "evm_revert", snapshot);
}

class Anvil implements ChaosChain {
  readonly client = "anvil";
  rpc = "";
  readonly #program: string;
  readonly #options: ChaosChainOptions;
  #process: ChildProcess | undefined;
  #port = 0;
  readonly #state: string;
  readonly #genesis = Math.floor(Date.now() / 1_000);
  /** Seconds that the chain's time was moved forward by. */
  #jumped = 0;

  private constructor(program: string, options: ChaosChainOptions) {
    this.#program = program;
    this.#options = options;
    this.#state = join(options.folder, "chain.json");
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
    await ask(this.rpc, "evm_increaseTime", seconds);
    this.#jumped += seconds;
  }

  async kill(): Promise<void> {
    if (this.#process === undefined) return;
    const before = await readState(this.#state);
    const exited = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await exited;
    this.#process = undefined;
    // Killed in the middle of writing, it would begin anew.
    if (before !== undefined && (await readState(this.#state)) === undefined) await writeFile(this.#state, before);
  }

  async restart(): Promise<void> {
    const { accounts, blockSeconds } = this.#options;
    const { process, url } = await startAnvil(this.#program, {
      port: this.#port,
      accounts,
      "block-time": blockSeconds,
      state: this.#state,
      "state-interval": 1,
      // Or the first block would be another one.
      timestamp: this.#genesis,
    });
    this.#process = process;
    this.rpc = url;
    this.#port = Number(new URL(url).port);
    await ask(this.rpc, "anvil_setTime", Math.floor(Date.now() / 1_000) + this.#jumped);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }
}

/** A state that is whole; nothing where it is not. */
async function readState(path: string): Promise<string | undefined> {
  const text = await readFile(path, "utf8").catch(() => "");
  try {
    JSON.parse(text);
    return text;
  } catch {
    return undefined;
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
      await ask(rpc, "evm_increaseTime", seconds);
    },
    kill: impossible,
    restart: impossible,
    [Symbol.asyncDispose]: () => chain.stop(),
  };
}
