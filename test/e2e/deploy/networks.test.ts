import { expect } from "chai";

import { readCustom } from "../../../scripts/deploy/custom.ts";
import { verifyCommand } from "../../../src/cli/deploy.ts";
import { startTestChain, type TestChain } from "./support/chain.ts";
import { Desk } from "./support/hardhat.ts";

const FOREIGN = 420_042_006;

describe("the networks to deploy to", function () {
  this.timeout(300_000);
  let chain: TestChain;
  let desk: Desk;

  before(async () => {
    chain = await startTestChain(FOREIGN);
    desk = await Desk.create();
  });

  after(async () => {
    await desk.clear();
    await chain.stop();
  });

  for (const [network, variable, chainId] of [
    ["sepolia", "SEPOLIA_URL", "11155111"],
    ["baseSepolia", "BASE_SEPOLIA_URL", "84532"],
    ["polygonAmoy", "POLYGON_AMOY_URL", "80002"],
    ["custom", "CUSTOM_URL", "420042007"],
  ] as const) {
    it(`refuse an endpoint of another chain as ${network}, and send it nothing`, async () => {
      const environment = { [variable]: chain.rpc, CUSTOM_CHAIN_ID: "420042007" };
      const { code, output } = await desk.deploy(network, environment).done;
      expect(code, output).to.equal(1);
      expect(output).to.include(chainId).and.include(String(FOREIGN));
      expect(await chain.request("eth_blockNumber")).to.equal("0x0");
      expect(verifyCommand(BigInt(chainId), "0x1")).to.include(` --network ${network} `);
    });
  }

  it("include custom only with a chain id", async () => {
    const { code, output } = await desk.deploy("custom", { CUSTOM_URL: chain.rpc }).done;
    expect(code, output).to.equal(1);
    expect(output).to.match(/custom has no chain id.*CUSTOM_CHAIN_ID/);
  });

  for (const [variable, value] of [
    ["CUSTOM_CHAIN_ID", "0xaa36a7"],
    ["CUSTOM_CHAIN_ID", "0"],
    ["CUSTOM_ETHERSCAN_URL", "explorer.example"],
  ] as const) {
    it(`refuse ${value} as ${variable}`, () => {
      const message = `${variable} is "${value}"`;
      expect(() => readCustom({ CUSTOM_CHAIN_ID: "5", [variable]: value })).to.throw(message);
    });
  }

  it("need no variable to build", async () => {
    const { code, output } = await desk.run(["build", "--no-tests"]);
    expect(code, output).to.equal(0);
  });
});
