import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect } from "chai";

import { devAccount } from "../../../src/ledger/dev-accounts.ts";
import { creations, startTestChain, type TestChain } from "./support/chain.ts";
import { Desk, type HardhatRun, PASSPHRASE } from "./support/hardhat.ts";

const CHAIN_ID = 420_042_005;
const OTHER = devAccount(1);

describe("the key that signs a deployment", function () {
  this.timeout(300_000);
  let chain: TestChain;
  let desk: Desk;
  let environment: Record<string, string>;

  before(async () => {
    chain = await startTestChain(CHAIN_ID);
    environment = { CUSTOM_CHAIN_ID: String(CHAIN_ID), CUSTOM_URL: chain.rpc };
  });

  beforeEach(async () => {
    desk = await Desk.create();
  });

  afterEach(() => desk.clear());

  after(() => chain.stop());

  /** Asks for the key and signs nothing: the contract that is to be verified is not there. */
  const askForKey = (args: string[], more: Record<string, string> = {}) =>
    desk.run(["verify", `0x${"1".repeat(40)}`, "--network", "custom", ...args], {
      ...environment,
      COLEARN_VERIFIERS: "blockscout",
      CUSTOM_BLOCKSCOUT_URL: "http://127.0.0.1:1",
      ...more,
    });

  function refused({ code, output }: HardhatRun, message: RegExp): void {
    expect(code, output).to.equal(1);
    expect(output).to.match(message);
    for (const secret of [OTHER.privateKey.slice(2), desk.deployer.privateKey.slice(2), PASSPHRASE]) {
      expect(output).not.to.include(secret);
    }
  }

  const accepted = (run: HardhatRun) => refused(run, /127\.0\.0\.1:1\/api/);

  it("is refused in the environment", async () => {
    refused(
      await askForKey([], { DEPLOYER_KEY: OTHER.privateKey }),
      /DEPLOYER_KEY is set in the environment.*keystore/,
    );
  });

  it("is taken from the environment where that is asked for", async () => {
    accepted(await askForKey(["--key-from-environment"], { DEPLOYER_KEY: OTHER.privateKey }));
  });

  it("comes encrypted from Hardhat's keystore", async () => {
    const set = await desk.run(["keystore", "set", "DEPLOYER_KEY"], {}, [PASSPHRASE, PASSPHRASE, OTHER.privateKey]);
    expect(set.code, set.output).to.equal(0);
    const { output: path } = await desk.run(["keystore", "path"]);
    expect(path.trim().startsWith(desk.home), path).to.be.true;
    expect(await readFile(path.trim(), "utf8")).not.to.include(OTHER.privateKey.slice(2));

    const args = ["ignition", "deploy", "ignition/modules/CollectiveLearning.ts", "--network", "custom"];
    const run = await desk.run([...args, "--deployment-id", desk.deploymentId], environment, [PASSPHRASE]);
    expect(run.code, run.output).to.equal(0);
    expect((await creations(chain)).at(-1)?.from).to.equal(OTHER.address.toLowerCase());
    expect((await stat(join(desk.deploymentFolder, "journal.jsonl"))).isFile()).to.be.true;

    refused(await askForKey([], { CI: "true" }), /no DEPLOYER_KEY in Hardhat's keystore.*CI.*--key-file/);
  });

  it("comes from a V3 keystore file, before any other", async () => {
    accepted(await askForKey(desk.signing, { DEPLOYER_KEY: "no key at all" }));
  });

  it("is refused in a file of plain hex", async () => {
    const file = join(desk.home, "key.hex");
    await writeFile(file, OTHER.privateKey, { mode: 0o600 });
    refused(await askForKey(["--key-file", file]), /key\.hex is no V3 keystore: .*colearn key import/);
  });

  it("is refused where the passphrase is wrong, or nobody can be asked", async () => {
    const wrong = ["--key-file", desk.keyFile, "--passphrase-file", desk.keyFile];
    refused(await askForKey(wrong), /deployer\.json does not open with this passphrase/);
    refused(await askForKey(["--key-file", desk.keyFile]), /no terminal to ask at.*--passphrase-file/);
  });

  it("is missed where there is none, and not asked for to read", async () => {
    refused(await askForKey([]), /no DEPLOYER_KEY in Hardhat's keystore.*--without-key/);
    accepted(await askForKey(["--without-key"]));
  });
});
