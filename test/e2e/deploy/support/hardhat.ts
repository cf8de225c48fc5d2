import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";

import { encryptKeystoreJsonSync } from "ethers";

import { devAccount } from "../../../../src/ledger/dev-accounts.ts";

const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));
const CLI = fileURLToPath(new URL("cli.js", import.meta.resolve("hardhat")));

export const MODULE = "ignition/modules/CollectiveLearning.ts";
export const PASSPHRASE = "correct horse battery staple";

export interface HardhatRun {
  readonly code: number | null;
  /** Both streams, without colours. */
  readonly output: string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly done: Promise<HardhatRun>;
}

/** A person's machine: a home with its own keystore, a key file, and no variable of this process that could help. */
export class Desk {
  readonly home: string;
  readonly deployer = devAccount(0);
  /** Of one deployment in this repository, so that a test leaves none behind. */
  readonly deploymentId = `test-${randomBytes(6).toString("hex")}`;

  static async create(): Promise<Desk> {
    const desk = new Desk(await mkdtemp(join(tmpdir(), "colearn-deploy-")));
    const { address, privateKey } = desk.deployer;
    const keystore = encryptKeystoreJsonSync({ address, privateKey }, PASSPHRASE, { scrypt: { N: 2, r: 1, p: 1 } });
    await writeFile(desk.keyFile, keystore, { mode: 0o600 });
    await writeFile(desk.passphraseFile, `${PASSPHRASE}\n`, { mode: 0o600 });
    return desk;
  }

  private constructor(home: string) {
    this.home = home;
  }

  get keyFile(): string {
    return join(this.home, "deployer.json");
  }

  get passphraseFile(): string {
    return join(this.home, "passphrase");
  }

  get deploymentFolder(): string {
    return join(ROOT, "ignition/deployments", this.deploymentId);
  }

  /** What Ignition wrote down so far, one message a line. */
  async journal(): Promise<{ readonly type: string }[]> {
    const text = await readFile(join(this.deploymentFolder, "journal.jsonl"), "utf8").catch(() => "");
    return text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as { type: string });
  }

  async addresses(): Promise<Record<string, string>> {
    const text = await readFile(join(this.deploymentFolder, "deployed_addresses.json"), "utf8");
    return JSON.parse(text) as Record<string, string>;
  }

  /** The arguments that sign with the key file. */
  get signing(): string[] {
    return ["--key-file", this.keyFile, "--passphrase-file", this.passphraseFile];
  }

  /** Deploys as `docs/deploy.md` says. */
  deploy(network: string, environment: Record<string, string>, ...more: string[]): Started {
    const args = ["ignition", "deploy", MODULE, "--network", network, "--deployment-id", this.deploymentId];
    return this.start([...args, ...this.signing, ...more], environment);
  }

  run(args: readonly string[], environment: Record<string, string> = {}, answers: string[] = []): Promise<HardhatRun> {
    return this.start(args, environment, answers).done;
  }

  /** Starts Hardhat in a process of its own, and answers its questions in turn. */
  start(args: readonly string[], environment: Record<string, string> = {}, answers: string[] = []): Started {
    const left = [...answers];
    const child = spawn(process.execPath, [CLI, ...args], {
      cwd: ROOT,
      env: {
        PATH: process.env.PATH ?? "",
        HOME: this.home,
        XDG_CONFIG_HOME: join(this.home, "config"),
        NO_COLOR: "1",
        HARDHAT_IGNITION_CONFIRM_DEPLOYMENT: "true",
        ...environment,
      },
      stdio: ["pipe", "pipe", "pipe"],
      timeout: 240_000,
      killSignal: "SIGKILL",
    });
    if (left.length === 0) child.stdin.end();
    let output = "";
    let answered = 0;
    const listen = (chunk: Buffer): void => {
      output += stripVTControlCharacters(chunk.toString());
      const questions = output.match(/\[[\w-]+\] [^\n[\]]+: /g)?.length ?? 0;
      if (questions <= answered || left.length === 0) return;
      answered = questions;
      child.stdin.write(`${left.shift() ?? ""}\n`);
      if (left.length === 0) child.stdin.end();
    };
    child.stdout.on("data", listen);
    child.stderr.on("data", listen);
    const done = new Promise<HardhatRun>((resolve) => child.once("close", (code) => resolve({ code, output })));
    return { child, done };
  }

  async clear(): Promise<void> {
    await rm(this.home, { recursive: true, force: true });
    await rm(this.deploymentFolder, { recursive: true, force: true });
  }
}
