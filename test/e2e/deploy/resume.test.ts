import { expect } from "chai";

import { until } from "../support/colearn.ts";
import { creations, startTestChain, type TestChain } from "./support/chain.ts";
import { type Fate, type Gateway, startGateway } from "./support/gateway.ts";
import { Desk } from "./support/hardhat.ts";

const SEPOLIA = 11_155_111;
const FUTURE = "CollectiveLearning#CollectiveLearning";

describe("a deployment that is interrupted", function () {
  this.timeout(300_000);
  let chain: TestChain;
  let gateway: Gateway;
  let desk: Desk;
  let endpoint: { SEPOLIA_URL: string };

  beforeEach(async () => {
    chain = await startTestChain(SEPOLIA);
    gateway = await startGateway(chain.rpc);
    desk = await Desk.create();
    endpoint = { SEPOLIA_URL: gateway.rpc };
    await chain.request("evm_setAutomine", false);
  });

  afterEach(async () => {
    gateway.stop();
    await desk.clear();
    await chain.stop();
  });

  const written = async (type: string) => (await desk.journal()).filter((message) => message.type === type);

  /** Kills a deployment at its first transaction, which has the given fate. */
  async function killAtSending(fate: Fate): Promise<void> {
    gateway.fate = fate;
    const { child, done } = desk.deploy("sepolia", endpoint);
    gateway.onLoss = () => child.kill("SIGKILL");
    const { code, output } = await done;
    expect(code, output).to.equal(null);
    gateway.fate = "passes";
    expect(await written("TRANSACTION_PREPARE_SEND")).to.have.length(1);
    expect(await written("TRANSACTION_SEND")).to.have.length(0);
  }

  /** Runs the same command again, on a chain that mines by itself again, to the end. */
  async function finish(): Promise<void> {
    await chain.request("evm_setAutomine", true);
    const { code, output } = await desk.deploy("sepolia", endpoint).done;
    expect(code, output).to.equal(0);
    expect(output).to.include("Resuming existing deployment");
  }

  /** One contract on the chain for each that the journal and the list of addresses name. */
  async function expectOneOfEach(): Promise<void> {
    const addresses = await desk.addresses();
    const created = await creations(chain);
    expect(Object.keys(addresses)).to.include(FUTURE);
    expect(created.map(({ contract }) => contract)).to.deep.equal(
      Object.values(addresses).map((address) => address.toLowerCase()),
    );
    expect(await written("TRANSACTION_SEND")).to.have.length(created.length);
    expect(await written("DEPLOYMENT_EXECUTION_STATE_COMPLETE")).to.have.length(created.length);
  }

  it("goes on where it was killed, between sending and mining, and sends nothing twice, however often it is run", async () => {
    const { child, done } = desk.deploy("sepolia", endpoint);
    await until("the journal names the transaction", async () => (await written("TRANSACTION_SEND")).length === 1);
    child.kill("SIGKILL");
    expect((await done).code).to.equal(null);
    expect(await written("TRANSACTION_CONFIRM")).to.have.length(0);
    await chain.request("hardhat_mine", "0x1");

    await finish();
    await expectOneOfEach();
    const again = await desk.deploy("sepolia", endpoint).done;
    expect(again.code, again.output).to.equal(0);
    expect(again.output).to.include("Nothing new to deploy");
    expect(gateway.sent).to.equal((await creations(chain)).length);
  });

  it("does not guess whether a transaction arrived whose answer it did not live to see, and takes its hash", async () => {
    await killAtSending("answer lost");
    await chain.request("hardhat_mine", "0x1");
    const stopped = await desk.deploy("sepolia", endpoint).done;
    expect(stopped.code).to.equal(1);
    expect(stopped.output)
      .to.match(/transaction with nonce 0 sent from account 0x\w+/)
      .and.include("track-tx");
    expect(gateway.sent).to.equal(1);

    const [creation] = await creations(chain);
    const track = ["ignition", "track-tx", creation?.hash ?? "", desk.deploymentId, "--network", "sepolia"];
    const tracked = await desk.run([...track, "--without-key"], endpoint);
    expect(tracked.code, tracked.output).to.equal(0);
    await finish();
    await expectOneOfEach();
  });

  it("starts afresh once its owner saw that the transaction never arrived, and wiped it", async () => {
    await killAtSending("lost");
    const stopped = await desk.deploy("sepolia", endpoint).done;
    expect(stopped.code).to.equal(1);
    expect(stopped.output).to.include("track-tx");
    const wiped = await desk.run(["ignition", "wipe", desk.deploymentId, FUTURE]);
    expect(wiped.code, wiped.output).to.equal(0);
    await finish();
    await expectOneOfEach();
  });
});
