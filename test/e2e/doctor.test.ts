import { createHash } from "node:crypto";
import { chmod, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";

import { expect } from "chai";
import { encryptKeystoreJson, Wallet } from "ethers";

import type { Finding } from "../../src/doctor/finding.ts";
import { encodeContact } from "../../src/node/contact.ts";
import { devAccount } from "../../src/ledger/dev-accounts.ts";
import { until } from "./support/colearn.ts";
import { colearnAt } from "./support/colearn-at.ts";
import { createExperiment, type TestExperiment } from "./support/experiment.ts";

const PEER = "12D3KooWMNqK1oxtfweahjygrSeW2f9c9cp3ya5VSmBdU9yAG1PN";

/** All that can be seen of a folder's files. */
async function fingerprint(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const seen = entries.map(async (entry) => {
    const path = join(entry.parentPath, entry.name);
    const { mode, size, mtimeMs, ino } = await stat(path);
    const digest = entry.isFile()
      ? createHash("sha256")
          .update(await readFile(path))
          .digest("hex")
      : "";
    return [path, mode, size, mtimeMs, ino, digest].join(" ");
  });
  return (await Promise.all(seen)).sort();
}

describe("colearn doctor", function () {
  this.timeout(180_000);
  let experiment: TestExperiment;
  let target: string[];

  before(async () => {
    experiment = await createExperiment(["--learners", "3", "--rounds", "1"]);
    target = ["--rpc", experiment.rpc, "--contract", experiment.ledger.address];
  });

  after(() => experiment[Symbol.asyncDispose]());

  interface Diagnosis {
    readonly code: number | null;
    readonly stderr: string;
    /** By check; the worst, where a check has more than one. */
    readonly findings: Readonly<Record<string, Finding>>;
  }

  async function diagnose(...args: string[]): Promise<Diagnosis> {
    const environment = { XDG_CONFIG_HOME: experiment.folder };
    const run = await colearnAt({ folder: experiment.folder, environment }, ["doctor", ...args, "--json"]);
    const { ok, findings } = JSON.parse(run.stdout) as { ok: boolean; findings: Finding[] };
    expect(run.code, run.stderr).to.equal(ok ? 0 : 1);
    const order = ["skipped", "ok", "warning", "problem"];
    const sorted = findings.toSorted((a, b) => order.indexOf(a.health) - order.indexOf(b.health));
    return { ...run, findings: Object.fromEntries(sorted.map((finding) => [finding.check, finding])) };
  }

  const healths = ({ findings }: Diagnosis) =>
    Object.fromEntries(Object.entries(findings).map(([check, { health }]) => [check, health]));
  const own = (account: number) => ["--dev-account", String(account), "--home", experiment.home(account)];

  it("finds all well with a node that runs, and with one that is to join", async () => {
    const node = experiment.startNode(0);
    await until("it has joined", () => node.told("joined"));
    const running = await diagnose("1", ...target, ...own(0), "--shard", "0/3");
    expect(new Set(Object.values(healths(running))), JSON.stringify(running.findings)).to.deep.equal(new Set(["ok"]));
    expect(running.findings.contact?.message).to.match(/127\.0\.0\.1.*answers from here/);
    expect(running.findings.experiment?.message).to.match(/this key is learner 0/);
    if (process.platform === "linux") expect(running.findings.store?.message).to.match(/in use: a node runs/);
    await node.stop();
    const stopped = await diagnose("1", ...target, ...own(0), "--shard", "0/3");
    expect(stopped.findings.store?.message).to.match(/opens, and can be written/);
    expect(stopped.findings.contact).to.include({ health: "warning" });
    expect(stopped.findings.contact?.message).to.match(/nothing answers at/);
    expect(stopped.code).to.equal(0);

    const waiting = await diagnose("1", ...target, ...own(5), "--shard", "0/3");
    expect(new Set(Object.values(healths(waiting)))).to.deep.equal(new Set(["ok"]));
    expect(waiting.findings.experiment?.message).to.match(/the node will join with this key/);
  });

  it("changes nothing: neither in the node's folder nor on the chain", async () => {
    const before = await fingerprint(experiment.home(0));
    const block = await experiment.ledger.provider.getBlockNumber();
    await diagnose("1", ...target, ...own(0), "--shard", "0/3");
    await diagnose("1", ...target, ...own(6), "--shard", "0/3");
    expect(await fingerprint(experiment.home(0))).to.deep.equal(before);
    expect(await experiment.ledger.provider.getBlockNumber()).to.equal(block);
    expect(await stat(experiment.home(6)).catch(() => undefined)).to.equal(undefined);
  });

  it("needs no passphrase, and tells of keys that others can read or that are not encrypted", async () => {
    const { address, privateKey } = Wallet.createRandom();
    const file = join(experiment.folder, "key.json");
    const json = await encryptKeystoreJson({ address, privateKey }, "hush-hush", { scrypt: { N: 1024, r: 8, p: 1 } });
    await writeFile(file, json, { mode: 0o600 });
    const { findings, code } = await diagnose(...target, "--key", "./key.json");
    expect(findings.key).to.include({ health: "ok" });
    expect(findings.key?.message).to.include(address);
    expect(findings.privacy).to.include({ health: "ok" });
    expect(findings.funds).to.include({ health: "problem" });
    expect(findings.funds?.message).to.equal(`${address} has 0`);
    expect(code).to.equal(1);
    await chmod(file, 0o640);
    expect((await diagnose(...target, "--key", "./key.json")).findings.privacy).to.include({ health: "problem" });
    await writeFile(join(experiment.folder, "hex"), devAccount(7).privateKey, { mode: 0o600 });
    const plain = await diagnose(...target, "--key", "./hex");
    expect(plain.findings.key).to.include({ health: "warning" });
    expect(JSON.stringify(plain)).not.to.include(devAccount(7).privateKey.slice(2));
    expect(plain.findings.funds).to.include({ health: "ok" });
  });

  it("tells each thing that is wrong, with what to do, and exit code 1", async () => {
    await mkdir(join(experiment.folder, "empty"));
    await mkdir(join(experiment.folder, "damaged"));
    await writeFile(join(experiment.folder, "damaged", "journal.sqlite"), "not a database at all");
    for (const [args, check, message] of [
      [["--rpc", "http://127.0.0.1:1"], "rpc", /no JSON-RPC endpoint answers/],
      [[...target, "--chain-id", "5"], "chain", /is chain 31337, not chain 5/],
      [["--rpc", experiment.rpc], "contract", /no contract is named/],
      [["--rpc", experiment.rpc, "--contract", `0x${"1".repeat(40)}`], "contract", /no CollectiveLearning contract/],
      [["9", ...target], "experiment", /there is no experiment 9/],
      [target, "key", /no key is named/],
      [[...target, "--key", "nobody"], "key", /cannot be read/],
      [[...target, "--data-dir", "missing"], "data", /cannot be read/],
      [[...target, "--data-dir", "empty"], "data", /is empty/],
      [[...target, "--home", "key.json"], "store", /cannot be written/],
      [[...target, "--home", "damaged"], "store", /journal in damaged is damaged/],
      [[...target, "--kubo", "http://127.0.0.1:1"], "store", /no Kubo daemon answers/],
    ] as const) {
      const { findings, code, stderr } = await diagnose(...args);
      expect(findings[check]?.health, args.join(" ")).to.equal("problem");
      expect(findings[check]?.message).to.match(message);
      expect(findings[check]?.remedy, check).to.be.a("string");
      expect(code).to.equal(1);
      expect(stderr).to.match(new RegExp(`^error: a node would not work: .*${check}.*\\n$`));
    }
  });

  it("takes a silent endpoint for a warning where another answers", async () => {
    const { findings } = await diagnose("--rpc", `${experiment.rpc},http://127.0.0.1:1`, ...target.slice(2));
    expect(findings.rpc).to.include({ health: "warning" });
    expect(findings.contract).to.include({ health: "ok" });
  });

  it("sees that the ledger names an address, and this node another", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as { port: number };
    const transactor = await experiment.transactor(3);
    await transactor.join(experiment.id, encodeContact([`/ip4/127.0.0.1/tcp/${port}/p2p/${PEER}`]));
    try {
      const same = await diagnose("1", ...target, "--dev-account", "3", "--listen", `/ip4/127.0.0.1/tcp/${port}`);
      expect(same.findings.contact).to.include({ health: "ok" });
      const other = await diagnose("1", ...target, "--dev-account", "3", "--announce", "/ip4/127.0.0.1/tcp/1");
      expect(other.findings.contact).to.include({ health: "warning" });
      expect(other.findings.contact?.message).to.match(/and not \/ip4\/127\.0\.0\.1\/tcp\/1$/);
    } finally {
      server.close();
    }
  });

  it("takes every option of a node, and prints a table for people", async () => {
    const { code, stdout, stderr } = await colearnAt({ folder: experiment.folder }, [
      ...["doctor", "1", ...target, ...own(5), "--shard", "0/3", "--until-complete", "--log-level", "error"],
    ]);
    expect(code, stderr).to.equal(0);
    expect(stdout).to.match(/^ {2}ok +chain +chain 31337, a local one$/m);
    expect(stderr).to.equal("");
  });
});
