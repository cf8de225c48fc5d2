import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { expect } from "chai";

import { temporaryFolder } from "./support/colearn.ts";
import { createExperiment } from "./support/experiment.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const NODES = ["22.23.3", "24.21.0"] as const;

interface Install {
  readonly version: string;
  readonly folder: string;
  /** Runs a command of the folder's, with the folder's Node. */
  readonly run: (command: string, args: readonly string[]) => Promise<{ code: number; stdout: string; stderr: string }>;
}

async function run(command: string, args: readonly string[], cwd: string, first: string) {
  const env = { ...process.env, PATH: `${first}:${process.env.PATH ?? ""}` };
  return promisify(execFile)(command, args, { cwd, env, maxBuffer: 2 ** 26 }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: unknown) => error as { code: number; stdout: string; stderr: string },
  );
}

/** What this process's npm gave its own environment is not for another folder's. */
async function install(version: string, tarball: string, folder: string): Promise<Install> {
  await mkdir(folder);
  await writeFile(join(folder, "package.json"), JSON.stringify({ name: "consumer", private: true, type: "module" }));
  const bin = join(folder, "node_modules/.bin");
  const own = dirname(process.execPath);
  for (const what of [[`node@${version}`], [tarball]]) {
    const { code, stderr } = await run("npm", ["install", "--no-audit", "--no-fund", ...what], folder, `${bin}:${own}`);
    if (code !== 0) throw new Error(`npm install ${what.join(" ")}: ${stderr}`);
  }
  return { version, folder, run: (command, args) => run(command, args, folder, bin) };
}

describe("the package, packed and installed", function () {
  this.timeout(900_000);

  const resources = new AsyncDisposableStack();
  const installs: Install[] = [];

  before(async () => {
    const { path } = resources.use(await temporaryFolder());
    const { code, stdout, stderr } = await run("npm", ["pack", "--json", "--pack-destination", path], root, "");
    if (code !== 0) throw new Error(`npm pack: ${stderr}`);
    const name = /"filename": "([^"]+)"/.exec(stdout)?.[1] ?? "";
    for (const version of NODES) installs.push(await install(version, join(path, name), join(path, version)));
  });

  after(() => resources.disposeAsync());

  it("runs with the Node that is there, and says its version", async () => {
    const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as { version: string };
    for (const { run, version: node } of installs) {
      expect((await run("node", ["--version"])).stdout.trim()).to.equal(`v${node}`);
      expect(await run("npx", ["colearn", "--version"])).to.deep.include({ code: 0, stdout: `${version}\n` });
    }
  });

  it("brings nothing along that only its making needs", () => {
    for (const { folder } of installs) {
      for (const name of ["hardhat", "solc", "@openzeppelin/contracts", "mocha", "typescript"]) {
        expect(existsSync(join(folder, "node_modules", name)), name).to.be.false;
      }
      expect(existsSync(join(folder, "node_modules/colearn-ledger/src"))).to.be.false;
    }
  });

  it("says in one line that the demo's chain needs Hardhat", async () => {
    for (const { run } of installs) {
      const { code, stderr } = await run("npx", ["colearn", "demo", "--task", "iris-mlp", "--no-config"]);
      expect(code).to.equal(2);
      expect(stderr)
        .to.include("needs Hardhat")
        .and.to.match(/error: [^\n]*\n$/);
      expect(stderr).not.to.include("ExperimentalWarning");
    }
  });

  it("has types for a program that uses it", async () => {
    for (const { folder, run } of installs) {
      await writeFile(
        join(folder, "consumer.ts"),
        `import { connect, Ledger, type MachineLearningInterface, type Snapshot } from "colearn-ledger";
export async function look(rpc: string, contract: string): Promise<Snapshot> {
  return new Ledger(await connect({ rpc }), contract).snapshot(1n);
}
export const dispose = (learner: MachineLearningInterface): Promise<void> => learner.dispose();
// @ts-expect-error: a round is a number
export const wrong = (learner: MachineLearningInterface) => learner.proposeWeights("1");
`,
      );
      const options = { module: "NodeNext", target: "ES2022", strict: true, noEmit: true, skipLibCheck: false };
      const typeRoots = [join(root, "node_modules/@types")];
      const lib = ["ES2023", "DOM", "ESNext.Disposable"];
      const config = { compilerOptions: { ...options, lib, types: ["node"], typeRoots }, files: ["consumer.ts"] };
      await writeFile(join(folder, "tsconfig.json"), JSON.stringify(config));
      const { stdout } = await run(join(root, "node_modules/.bin/tsc"), ["-p", "."]);
      const own = stdout.split("\n").filter((line) => /^(consumer|node_modules\/colearn-ledger)/.test(line));
      expect(own).to.deep.equal([]);
    }
  });

  it("writes projects with a learner of one's own, which type-check, keep the laws and learn, with either Node", async () => {
    for (const { folder, run } of installs) {
      for (const [name, ...flags] of [["layers"], ["direct", "--direct"]] as const) {
        expect(await run("npx", ["colearn", "init", name, ...flags])).to.include({ code: 0 });
        const types = ["--typeRoots", join(root, "node_modules/@types")];
        const checked = await run(join(root, "node_modules/.bin/tsc"), ["-p", name, ...types]);
        expect(checked.stdout).to.equal("");
        const file = join(folder, name, "my-learner.ts");
        const laws = await run("npx", ["colearn", "learner", "test", file, "--json", "--no-config"]);
        expect(laws.stderr).not.to.include("ExperimentalWarning");
        expect((JSON.parse(laws.stdout) as { ok: boolean }).ok, laws.stdout).to.be.true;
        const demo = [
          "demo",
          "--driver",
          "local",
          "--learner",
          file,
          "--learners",
          "2",
          "--rounds",
          "2",
          "--no-config",
        ];
        const learned = await run("npx", ["colearn", ...demo, "--out", join(folder, name, "run")]);
        expect(learned.stdout, learned.stderr).to.match(/[12] of 2 rounds accepted/);
      }
    }
  });

  it("takes part in an experiment to its end, with either Node", async () => {
    const args = ["--task", "iris-mlp", "--learners", "2", "--rounds", "2"];
    await using experiment = await createExperiment(args);
    const { ledger, rpc, id } = experiment;
    const nodes: ChildProcess[] = [];
    const output: string[] = [];
    for (const [account, { folder }] of installs.entries()) {
      const target = ["--rpc", rpc, "--contract", ledger.address, "--dev-account", String(account), "--no-config"];
      const own = ["--home", experiment.home(account), "--shard", `${account}/2`, "--backend", "wasm"];
      const node = join(folder, "node_modules/.bin/node");
      const colearn = join(folder, "node_modules/.bin/colearn");
      const child = spawn(node, [colearn, "node", id.toString(), ...target, ...own, "--until-complete"], {
        cwd: folder,
        stdio: ["ignore", "ignore", "pipe"],
      });
      child.stderr.on("data", (chunk: Buffer) => output.push(chunk.toString()));
      nodes.push(child);
    }
    const ended = nodes.map((node) => once(node, "exit"));
    await Promise.all(ended);
    expect(
      nodes.map(({ exitCode }) => exitCode),
      output.join(""),
    ).to.deep.equal([0, 0]);
    expect(new Set((await ledger.votes(id)).map(({ voter }) => voter)).size).to.equal(2);
    expect(output.join("")).not.to.include("ExperimentalWarning");
  });
});
