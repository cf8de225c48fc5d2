import { chmod, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect } from "chai";
import { Wallet } from "ethers";

import { devAccount } from "../../src/ledger/dev-accounts.ts";
import { temporaryFolder, until } from "./support/colearn.ts";
import { colearnAt, type Place } from "./support/colearn-at.ts";
import { createExperiment } from "./support/experiment.ts";

const PASSPHRASE = "correct horse battery";

describe("colearn key", function () {
  this.timeout(120_000);
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let place: Place;
  let keys: string;
  let passphrase: string[];

  beforeEach(async () => {
    folder = await temporaryFolder();
    place = { folder: folder.path, environment: { XDG_CONFIG_HOME: join(folder.path, "settings") } };
    keys = join(folder.path, "settings", "colearn", "keys");
    await writeFile(join(folder.path, "passphrase"), `${PASSPHRASE}\n`, { mode: 0o600 });
    passphrase = ["--passphrase-file", "passphrase"];
  });

  afterEach(() => folder[Symbol.asyncDispose]());

  const open = async (name: string) =>
    Wallet.fromEncryptedJson(await readFile(join(keys, `${name}.json`), "utf8"), PASSPHRASE);

  async function key<T>(...args: string[]): Promise<T> {
    const { code, stdout, stderr } = await colearnAt(place, ["key", ...args, "--json"]);
    expect(code, stderr).to.equal(0);
    return JSON.parse(stdout) as T;
  }

  async function refuses(given: Partial<Place>, args: string[], message: RegExp): Promise<void> {
    const { code, stdout, stderr } = await colearnAt({ ...place, ...given }, args);
    expect(stderr).to.match(message);
    expect(stderr.trim().split("\n"), stderr).to.have.length(1);
    expect(stdout).to.equal("");
    expect(code).to.equal(2);
  }

  it("makes a key that only its owner can read, whatever the umask, and lists it", async () => {
    const through = (command: readonly string[]) => ["sh", "-c", 'umask 000; exec "$@"', "sh", ...command];
    const made = await colearnAt({ ...place, through }, ["key", "new", "learner-1", ...passphrase]);
    expect(made.code, made.stderr).to.equal(0);
    const file = join(keys, "learner-1.json");
    expect((await stat(file)).mode & 0o777).to.equal(0o600);
    expect((await stat(keys)).mode & 0o777).to.equal(0o700);
    const { address } = await open("learner-1");
    expect(made.stdout).to.include(address).and.to.include("--key learner-1");
    expect(await key("list")).to.deep.equal([{ name: "learner-1", address, file, private: true }]);
    expect((await colearnAt(place, ["key", "address", "learner-1"])).stdout).to.equal(`${address}\n`);
    expect(await readdir(keys)).to.deep.equal(["learner-1.json"]);
  });

  it("takes the passphrase from a file descriptor", async () => {
    const { code, stderr } = await colearnAt({ ...place, descriptor: `${PASSPHRASE}\n` }, [
      ...["key", "new", "learner-1", "--passphrase-fd", "3"],
    ]);
    expect(code, stderr).to.equal(0);
    await open("learner-1");
    await refuses(
      {},
      ["key", "new", "other", "--passphrase-fd", "9"],
      /no passphrase can be read from file descriptor 9/,
    );
  });

  it("imports a key from a file and from standard input", async () => {
    const { privateKey, address } = Wallet.createRandom();
    await writeFile(join(folder.path, "hex"), `${privateKey}\n`, { mode: 0o600 });
    await key("import", "from-file", "hex", ...passphrase);
    const args = ["key", "import", "from-input", "-", ...passphrase];
    const { code, stderr } = await colearnAt({ ...place, input: privateKey.slice(2) }, args);
    expect(code, stderr).to.equal(0);
    for (const name of ["from-file", "from-input"]) {
      expect((await open(name)).privateKey).to.equal(privateKey);
      expect(await key("address", name)).to.include({ address });
    }
    await refuses({ input: "no key" }, ["key", "import", "third", "-", ...passphrase], /holds no private key in hex/);
  });

  it("overwrites nothing", async () => {
    await key("new", "learner-1", ...passphrase);
    const before = await readFile(join(keys, "learner-1.json"));
    await refuses({}, ["key", "new", "learner-1", ...passphrase], /learner-1\.json is there already/);
    expect(await readFile(join(keys, "learner-1.json"))).to.deep.equal(before);
  });

  it("keeps keys in another folder, if asked", async () => {
    const { address } = await key<{ address: string }>("new", "a", "--keys", "mine", ...passphrase);
    expect(await key("list", "--keys", "mine")).to.have.length(1);
    expect(await key("list")).to.deep.equal([]);
    expect(await key("address", "a", "--keys", "mine")).to.include({ address });
  });

  it("says when others can read a key, and when a file is none", async () => {
    await key("new", "learner-1", ...passphrase);
    await chmod(join(keys, "learner-1.json"), 0o644);
    await writeFile(join(keys, "other.json"), "{}", { mode: 0o600 });
    const { stdout } = await colearnAt(place, ["key", "list"]);
    expect(stdout).to.match(/learner-1 .*others can read it: `chmod 600/);
    expect(stdout).to.match(/other +no keystore/);
  });

  it("refuses a short passphrase, and none", async () => {
    await writeFile(join(folder.path, "short"), "secret\n", { mode: 0o600 });
    await refuses({}, ["key", "new", "a", "--passphrase-file", "short"], /fewer than 8 characters/);
    await refuses({}, ["key", "new", "a"], /no terminal to ask at/);
    await refuses({}, ["key", "new", "a", ...passphrase, "--passphrase-fd", "3"], /exclude each other/);
  });

  it("shows no secret that was given in the wrong place", async () => {
    const { privateKey } = Wallet.createRandom();
    const target = ["--contract", "0x5FbDB2315678afecb367f032d93F642f64180aa3"];
    await writeFile(join(folder.path, "broken.json"), `{"passphrase": ${PASSPHRASE}}`);
    for (const args of [
      ["key", "new", privateKey],
      ["key", "import", "a", privateKey],
      ["key", "new", "a", PASSPHRASE],
      ["key", "new", "a", `--passphrase=${PASSPHRASE}`],
      ["key", "address", privateKey.slice(2)],
      ["join", privateKey, ...target],
      ["status", `--key=${privateKey}`],
      ["status", ...target, "--config", "broken.json"],
      ["config", "show", "--key", privateKey],
      ["config", "show", "--rpc", `https://user:${PASSPHRASE.replaceAll(" ", "-")}@rpc.example.org/hush`],
      ["doctor", "--key", privateKey],
    ]) {
      const { stdout, stderr } = await colearnAt(place, args);
      expect(stdout + stderr, args.slice(0, 2).join(" ")).not.to.include(privateKey.slice(2));
      expect(stdout + stderr, args.slice(0, 2).join(" ")).not.to.match(/horse|hush/);
    }
  });

  describe("at a terminal", () => {
    before(function () {
      // It comes with every Linux; elsewhere its options are others.
      if (process.platform !== "linux") this.skip();
    });

    const shell = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
    const through = (command: readonly string[]) => ["script", "-qec", command.map(shell).join(" "), "/dev/null"];

    async function answer(args: string[], answers: readonly string[]) {
      return colearnAt({ ...place, through }, args, async (child, output) => {
        for (const [at, text] of answers.entries()) {
          await until("it asks", () => output().split(": ").length > at + 1);
          child.stdin.write(text);
        }
      });
    }

    it("asks for a new passphrase twice, and shows neither", async () => {
      const { code, stdout } = await answer(["key", "new", "a"], [`${PASSPHRASE}\r`, `${PASSPHRASE}\r`]);
      expect(code, stdout).to.equal(0);
      expect(stdout).to.match(/New passphrase of the key a: \r\nThe same once more: \r\n/);
      expect(stdout).not.to.include("horse");
      await open("a");
    });

    it("makes no key when the second is another, or it is interrupted", async () => {
      const differ = await answer(["key", "new", "a"], [`${PASSPHRASE}\r`, `${PASSPHRASE}!\r`]);
      expect(differ.stdout).to.match(/error: the two passphrases differ/);
      expect(differ.code).to.equal(2);
      for (const end of ["\u0003", "\u0004"]) {
        const { code, stdout } = await answer(["key", "new", "a"], [end]);
        expect(stdout).to.match(/error: no passphrase was given/);
        expect(code).to.equal(2);
      }
      expect(await key("list")).to.deep.equal([]);
    });
  });

  it("signs for a node by its name, and no secret is in the log, nor in a crash", async () => {
    await using experiment = await createExperiment(["--learners", "3", "--rounds", "1"]);
    const { privateKey, address } = devAccount(1);
    await colearnAt({ ...place, input: privateKey }, ["key", "import", "learner-1", "-", ...passphrase]);
    await mkdir(join(folder.path, "node"));
    const crash = 'process.once("SIGUSR2", () => { throw new Error("crash") })';
    const environment = {
      ...place.environment,
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(crash)}`,
    };
    const target = ["--rpc", experiment.rpc, "--contract", experiment.ledger.address];
    const run = await colearnAt(
      { ...place, environment },
      [
        ...["node", "1", ...target, "--home", "node", "--shard", "1/100", "--log-level", "debug", "--json"],
        ...["--key", "learner-1", ...passphrase],
      ],
      async (child, output) => {
        // The coordinator's folder has the manifest: without its node, this one waits for it.
        const coordinator = experiment.startNode(0);
        await until("it has joined", () => output().includes('"joined"') || child.exitCode !== null);
        child.kill("SIGUSR2");
        await coordinator.stop();
      },
    );
    expect(run.stdout).to.include(address);
    expect(run.stderr).to.match(/Error: crash/);
    for (const output of [run.stdout, run.stderr]) {
      expect(output).not.to.include(privateKey.slice(2));
      expect(output).not.to.include("horse");
    }
  });
});
