import { expect } from "chai";

import { bytecode } from "../../../src/ledger/generated/bytecode.ts";
import { colearn } from "../support/colearn.ts";
import { creations, startTestChain, type TestChain } from "./support/chain.ts";
import { Desk } from "./support/hardhat.ts";
import { startVerifierApis } from "./support/verifier-apis.ts";
import { Verifier } from "./support/verifier.ts";

/** Nobody's. Hardhat verifies nothing on the ids of local chains. */
const CHAIN_ID = 420_042_004;
const FUTURE = "CollectiveLearning#CollectiveLearning";
const VERIFIERS = ["Etherscan", "Blockscout", "Sourcify"];

describe("verification", function () {
  this.timeout(300_000);
  let chain: TestChain;
  let apis: Awaited<ReturnType<typeof startVerifierApis>>;
  let verifier: Verifier;
  let desk: Desk;
  let environment: Record<string, string>;

  before(async () => {
    chain = await startTestChain(CHAIN_ID);
    verifier = new Verifier(chain);
    apis = await startVerifierApis(verifier, CHAIN_ID);
    desk = await Desk.create();
    environment = { CUSTOM_URL: chain.rpc, ...apis.environment };
  });

  after(async () => {
    apis.stop();
    await desk.clear();
    await chain.stop();
  });

  const verify = (address: string, more: Record<string, string> = {}) =>
    desk.run(["verify", "--network", "custom", "--without-key", address], { ...environment, ...more });

  it("follows a deployment, and matches fully with each verifier", async () => {
    const { code, output } = await desk.deploy("custom", environment, "--verify").done;
    expect(code, output).to.equal(0);
    for (const name of VERIFIERS) expect(output).to.include(`Contract verified successfully on ${name}`);
    const contracts = Object.values(await desk.addresses());
    expect(contracts).to.not.be.empty;
    expect(verifier.submissions.map(({ verdict }) => verdict)).to.deep.equal(
      contracts.flatMap(() => VERIFIERS.map(() => "")),
    );
  });

  it("needs no key, and says where the sources are when they were verified before", async () => {
    const args = ["ignition", "verify", desk.deploymentId, "--network", "custom", "--without-key"];
    const { code, output } = await desk.run(args, environment);
    expect(code, output).to.equal(0);
    const contracts = Object.values(await desk.addresses());
    expect(output.match(/already been verified/g)).to.have.length(VERIFIERS.length * contracts.length);
    for (const address of contracts) {
      expect(output).to.include(`${apis.environment.CUSTOM_ETHERSCAN_URL}/address/${address}#code`);
    }
  });

  it("matches fully what `colearn deploy` deployed, by the command that it printed", async () => {
    const key = ["--key", desk.keyFile, "--passphrase-file", desk.passphraseFile];
    const deployed = await colearn(["deploy", "--rpc", chain.rpc, ...key]);
    expect(deployed.code, deployed.stderr).to.equal(0);
    const [command = ""] = /CUSTOM_CHAIN_ID=.*$/m.exec(deployed.stdout) ?? [];
    const [variable = "", ...args] = command.split(" ");
    expect(variable).to.equal(`CUSTOM_CHAIN_ID=${CHAIN_ID}`);
    expect(args.slice(0, 2)).to.deep.equal(["npx", "hardhat"]);

    const before = verifier.submissions.length;
    const { code, output } = await desk.run(args.slice(2), environment);
    expect(code, output).to.equal(0);
    expect(verifier.submissions.slice(before).map(({ verdict }) => verdict)).to.deep.equal(["", "", ""]);
    const [byIgnition, byColearn] = (await creations(chain)).filter(({ input }) => input === bytecode);
    expect(byIgnition?.contract).to.equal((await desk.addresses())[FUTURE]?.toLowerCase());
    expect(args.at(-1)?.toLowerCase()).to.equal(byColearn?.contract);
  });

  it("fails clearly, for each verifier, where the code on the chain has another metadata hash", async () => {
    // Nothing but the hash differs: what runs is the same, its sources are not.
    const at = bytecode.lastIndexOf("64736f6c63") - 2;
    const last = Number.parseInt(bytecode.slice(at, at + 2), 16);
    const data = bytecode.slice(0, at) + (last ^ 1).toString(16).padStart(2, "0") + bytecode.slice(at + 2);
    const hash = await chain.request<string>("eth_sendTransaction", { from: desk.deployer.address, data });
    const receipt = await chain.request<{ contractAddress: string }>("eth_getTransactionReceipt", hash);

    const { code, output } = await verify(receipt.contractAddress);
    expect(code, output).to.equal(1);
    expect(output).not.to.include("verified successfully");
    expect(output).to.include("Fail - Unable to verify. Reason: the metadata hash differs");
    expect(output.match(/HHE80\d+: The contract verification failed/g)).to.have.length(VERIFIERS.length);
  });

  it("says what is wrong with an API key, and where nothing listens", async () => {
    const address = `0x${"1".repeat(40)}`;
    const key = await verify(address, { COLEARN_VERIFIERS: "etherscan", ETHERSCAN_API_KEY: "" });
    expect(key.code).to.equal(1);
    expect(key.output).to.match(/Etherscan API key is empty/i);
    const gone = await verify(address, {
      COLEARN_VERIFIERS: "blockscout",
      CUSTOM_BLOCKSCOUT_URL: "http://127.0.0.1:1",
    });
    expect(gone.code).to.equal(1);
    expect(gone.output)
      .to.include("http://127.0.0.1:1/api")
      .and.match(/Blockscout/);
  });
});
