import { createServer } from "node:net";
import { join } from "node:path";
import { writeFile } from "node:fs/promises";

import { expect } from "chai";
import { encryptKeystoreJson, Wallet } from "ethers";

import { createExperiment, type TestExperiment } from "./support/experiment.ts";
import { colearn } from "./support/colearn.ts";

describe("the command line, given what it cannot use", function () {
  this.timeout(120_000);
  let experiment: TestExperiment;
  let target: string[];
  let contract: string;

  before(async () => {
    experiment = await createExperiment(["--learners", "3", "--rounds", "2"]);
    contract = experiment.ledger.address;
    target = ["--rpc", experiment.rpc, "--contract", contract];
  });

  after(() => experiment[Symbol.asyncDispose]());

  /** One line that says what, no stack, exit code 2, and nothing on standard output. */
  async function refuses(args: readonly string[], message: RegExp): Promise<void> {
    const { code, stdout, stderr } = await colearn(args);
    expect(stderr).to.match(message);
    expect(stderr.trim().split("\n"), stderr).to.have.length(1);
    expect(stderr).to.match(/^error: .+\(.+\)\n$/);
    expect(stdout).to.equal("");
    expect(code).to.equal(2);
  }

  /** A V3 keystore that opens fast. */
  const keystore = (passphrase: string) => {
    const { address, privateKey } = Wallet.createRandom();
    return encryptKeystoreJson({ address, privateKey }, passphrase, { scrypt: { N: 1024, r: 8, p: 1 } });
  };
  const node = (...args: string[]) => ["node", "1", "--log-level", "error", ...args];

  it("refuses an unknown command", () => refuses(["dance"], /unknown command 'dance'/));
  it("refuses an unknown option", () => refuses(["demo", "--lerners", "3"], /unknown option '--lerners'/));
  it("refuses an unknown task", () =>
    refuses(["demo", "--task", "chess"], /no task is called "chess" \(use one of: mnist, .*--learner\)/));
  it("refuses one learner", () => refuses(["demo", "--learners", "1"], /'--learners <n>' argument '1'.*from 2 to 256/));
  it("refuses a threshold of 1.5", () =>
    refuses(["demo", "--vote-threshold", "1.5"], /'1\.5'.*from 0 up to, but below, 1/));
  it("refuses no rounds", () => refuses(["demo", "--rounds", "0"], /'--rounds <n>' argument '0'/));
  it("refuses a training part of 1", () => refuses(["demo", "--train-ratio", "1"], /above 0 and below 1/));
  it("refuses an unknown split", () => refuses(["demo", "--split", "odd"], /Allowed choices are iid, label-skew/));
  it("refuses a data folder that is not there", () =>
    refuses(
      ["demo", "--data-dir", "/no/such/folder"],
      /the folder \/no\/such\/folder cannot be read \(check --data-dir\)/,
    ));
  it("refuses a data folder without the task's files", async () => {
    const args = ["--learners", "2", "--out", join(experiment.folder, "out"), "--data-dir", experiment.folder];
    await refuses(["demo", "--driver", "local", ...args], /idx/);
    // On the ledger it is the nodes that find out, after the chain is there: their words come through.
    const { code, stderr } = await colearn(["demo", ...args]);
    expect(stderr).to.match(/^error: learner \d's node did not start: .*idx.*\n$/);
    expect(code).to.equal(2);
  });
  it("refuses a folder that cannot be written to, before anything is run", () =>
    refuses(
      ["demo", "--out", "package.json/run"],
      /the folder package.json\/run cannot be written \(give another with --out\)/,
    ));
  it("refuses an endpoint where nothing answers", () =>
    refuses(
      ["status", "--rpc", "http://127.0.0.1:1", "--contract", contract],
      /no JSON-RPC endpoint answers at 127\.0\.0\.1:1: /,
    ));
  it("refuses an endpoint that is no address", () =>
    refuses(
      ["status", "--rpc", "localhost", "--contract", contract],
      /"localhost" is not an address of a JSON-RPC endpoint/,
    ));
  it("refuses another chain than the one asked for", () =>
    refuses(["status", ...target, "--chain-id", "11155111"], /is chain 31337, not chain 11155111/));
  it("refuses an address without a contract", () =>
    refuses(
      ["status", "--rpc", experiment.rpc, "--contract", Wallet.createRandom().address],
      /no CollectiveLearning contract is at 0x/,
    ));
  it("refuses an address that is none", () =>
    refuses(["status", "--rpc", experiment.rpc, "--contract", "0x12"], /"0x12" is not an address/));
  it("refuses an experiment that does not exist", () =>
    refuses(["status", "7", ...target], /there is no experiment 7/));

  it("refuses to sign without a key", () =>
    refuses(["join", "1", ...target], /no key to sign with \(give a file with --key/));
  it("refuses a key file that is missing", () =>
    refuses(["join", "1", ...target, "--key", "/no/such/key"], /the key file \/no\/such\/key cannot be read/));

  it("refuses a key file that holds none, and does not show what it holds", async () => {
    const file = join(experiment.folder, "not-a-key");
    await writeFile(file, "secret but no key", { mode: 0o600 });
    await refuses(["join", "1", ...target, "--key", file], /holds neither a V3 keystore nor a private key/);
    expect((await colearn(["join", "1", ...target, "--key", file])).stderr).not.to.include("secret");
  });

  it("refuses a key without funds", async () => {
    const wallet = Wallet.createRandom();
    const file = join(experiment.folder, "poor-key");
    await writeFile(file, wallet.privateKey, { mode: 0o600 });
    await refuses(["join", "1", ...target, "--key", file], new RegExp(`${wallet.address} has 0.0 .*\\(send it some`));
  });

  it("refuses a keystore whose passphrase is wrong", async () => {
    const file = join(experiment.folder, "keystore.json");
    const passphrase = join(experiment.folder, "passphrase");
    await writeFile(file, await keystore("right"), { mode: 0o600 });
    await writeFile(passphrase, "wrong\n", { mode: 0o600 });
    const key = ["--key", file, "--passphrase-file", passphrase];
    await refuses(["join", "1", ...target, ...key], /does not open with this passphrase/);
  });

  it("refuses a node without data", () =>
    refuses(
      node(...target, "--dev-account", "0", "--home", experiment.home(0)),
      /neither private data nor a part of the public data is given/,
    ));
  it("refuses a node whose data folder is missing", () =>
    refuses(
      node(...target, "--dev-account", "0", "--home", experiment.home(0), "--data-dir", "/no/such/folder"),
      /\/no\/such\/folder/,
    ));

  it("refuses a node whose port is in use", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as { port: number };
    try {
      const listen = ["--listen", `/ip4/127.0.0.1/tcp/${port}`, "--shard", "0/3"];
      const home = ["--home", join(experiment.folder, "other"), "--dev-account", "1"];
      await refuses(node(...target, ...home, ...listen), new RegExp(`${port}.*(in use|taken).*--listen`));
    } finally {
      server.close();
    }
  });

  it("refuses a second node on the same folder", async () => {
    const first = experiment.startNode(0);
    while (!first.told("ready")) await new Promise((resolve) => setTimeout(resolve, 50));
    await refuses(
      node(...target, "--dev-account", "1", "--home", experiment.home(0), "--shard", "0/3"),
      /another node has the journal .* open/,
    );
    await first.stop();
  });

  it("refuses the coordinator's work to anybody else", () =>
    refuses(["start", "1", ...target, "--dev-account", "5"], /refused to start the experiment: NotCoordinator/));
});
