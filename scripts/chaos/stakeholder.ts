/** One learner's node, with all that can go wrong around it. */
import { mkdir, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { NodeProcess } from "../../src/demo/node-process.ts";
import { PeerLink } from "./peer-link.ts";
import { RpcLink } from "./rpc-link.ts";
import { SmallDisk } from "./small-disk.ts";

const RESTART_MILLISECONDS = 1_000;

export interface StakeholderOptions {
  readonly account: number;
  /** Folder of the whole run. */
  readonly folder: string;
  readonly chain: () => string;
  /** Of `colearn node`, beyond those that say who and where. */
  readonly args: readonly string[];
  readonly disk: boolean;
}

const colearn = fileURLToPath(new URL("../../bin/colearn.js", import.meta.url));
const wrongClock = new URL("./wrong-clock.mjs", import.meta.url).href;

export class Stakeholder implements AsyncDisposable {
  readonly account: number;
  readonly home: string;
  readonly toChain: RpcLink;
  readonly toPeers: PeerLink;
  readonly disk: SmallDisk | undefined;
  /** All processes, the last one last. */
  readonly processes: NodeProcess[] = [];
  /** What is wrong with it now; nothing is done to a node twice at a time. */
  isHit = false;
  isDeadForGood = false;
  /** How often its process ended by itself, as where its endpoint is silent at a start, and was started again. */
  restarts = 0;
  #endedAt: number | undefined;
  readonly #options: StakeholderOptions;
  readonly #port: number;
  readonly #clock: string;

  private constructor(
    options: StakeholderOptions,
    home: string,
    port: number,
    links: [RpcLink, PeerLink],
    disk?: SmallDisk,
  ) {
    this.#options = options;
    this.account = options.account;
    this.home = home;
    this.#port = port;
    [this.toChain, this.toPeers] = links;
    this.disk = disk;
    this.#clock = join(options.folder, `clock-${options.account}`);
  }

  static async create(options: StakeholderOptions): Promise<Stakeholder> {
    const home = join(options.folder, `node-${options.account}`);
    await mkdir(home, { recursive: true });
    const disk = options.disk ? await SmallDisk.mount(home) : undefined;
    const port = await freePort();
    const links: [RpcLink, PeerLink] = [await RpcLink.start(options.chain), await PeerLink.start(port)];
    return new Stakeholder(options, home, port, links, disk);
  }

  get process(): NodeProcess | undefined {
    return this.processes.at(-1);
  }

  get isRunning(): boolean {
    return this.process?.running === true;
  }

  start(): NodeProcess {
    const { account, args, folder } = this.#options;
    const who = ["--rpc", this.toChain.rpc, "--dev-account", String(account), "--home", this.home];
    const listen = ["--listen", `/ip4/127.0.0.1/tcp/${this.#port}`];
    const announce = ["--announce", `/ip4/127.0.0.1/tcp/${this.toPeers.port}`];
    const log = join(folder, `node-${account}.${this.processes.length}.log`);
    const process = new NodeProcess(colearn, [...args, ...who, ...listen, ...announce], log, {
      NODE_OPTIONS: `--import ${wrongClock}`,
      CHAOS_CLOCK: this.#clock,
    });
    this.processes.push(process);
    return process;
  }

  /** Starts its process again after it ended by itself, as an operator's supervisor does: not at once. */
  restart(): void {
    const now = Date.now();
    this.#endedAt ??= now;
    if (now - this.#endedAt < RESTART_MILLISECONDS) return;
    this.#endedAt = undefined;
    this.restarts++;
    this.start();
  }

  /** Makes its clock wrong. */
  async setClock(seconds: number): Promise<void> {
    await writeFile(this.#clock, String(Math.round(seconds * 1_000)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process?.stop();
    await this.toChain[Symbol.asyncDispose]();
    await this.toPeers[Symbol.asyncDispose]();
    await this.disk?.[Symbol.asyncDispose]();
  }
}

/** A port that is free now. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
