import { createRequire } from "node:module";

import hardhatToolboxMochaEthers from "@nomicfoundation/hardhat-toolbox-mocha-ethers";
import { configVariable, defineConfig } from "hardhat/config";

/** The compiler comes from npm, so that a build needs no download beyond `npm ci`. */
const solc = {
  version: "0.8.37",
  path: createRequire(import.meta.url).resolve("solc/soljson.js"),
  settings: {
    evmVersion: "prague",
    viaIR: true,
    optimizer: { enabled: true, runs: 1_000 },
  },
};

export default defineConfig({
  plugins: [hardhatToolboxMochaEthers],
  solidity: { profiles: { default: solc, production: solc } },
  typechain: { tsNocheck: true },
  paths: { tests: { mocha: "./test/contracts", solidity: "./test/contracts" } },
  networks: {
    /** `npx hardhat node` and the demo: blocks on demand, and many of them within a second of real time. */
    node: { type: "edr-simulated", chainType: "l1", allowBlocksWithSameTimestamp: true },
    localhost: { type: "http", chainType: "l1", url: "http://127.0.0.1:8545" },
    /** A testnet by configuration: `npx hardhat keystore set TESTNET_URL` and `TESTNET_KEY`. */
    testnet: {
      type: "http",
      url: configVariable("TESTNET_URL"),
      accounts: [configVariable("TESTNET_KEY")],
    },
  },
});
