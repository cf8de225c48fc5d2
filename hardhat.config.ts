import { createRequire } from "node:module";

import hardhatToolboxMochaEthers from "@nomicfoundation/hardhat-toolbox-mocha-ethers";
import { configVariable, defineConfig } from "hardhat/config";

import anvil from "./scripts/anvil/plugin.ts";
import { readCustom } from "./scripts/deploy/custom.ts";
import deployment, { signingKey } from "./scripts/deploy/plugin.ts";

/**
 * One compiler input for everything that is deployed, tested or generated: the two profiles are one. The compiler comes
 * from npm, so that a build needs no download beyond `npm ci`. The hash of the metadata, and with it of every source,
 * stands at the end of the bytecode: a verifier can then match it fully.
 */
const solc = {
  version: "0.8.37",
  path: createRequire(import.meta.url).resolve("solc/soljson.js"),
  isolated: false,
  toolVersionsInBuildInfo: true,
  settings: {
    // First, as Hardhat puts it into production's: the order of names tells one input from another.
    optimizer: { enabled: true, runs: 1_000 },
    evmVersion: "prague",
    viaIR: true,
    metadata: { bytecodeHash: "ipfs", appendCBOR: true },
  },
};

/** How much is tried at random: as here in `npm test`, and as `npm run test:deep` says. A seed has a failure again. */
const {
  COLEARN_FUZZ_RUNS: fuzzRuns = "256",
  COLEARN_FUZZ_SEED: seed,
  COLEARN_INVARIANT_RUNS: invariantRuns = "100",
  COLEARN_INVARIANT_DEPTH: invariantDepth = "100",
} = process.env;

const custom = readCustom(process.env);
const { COLEARN_VERIFIERS: verifiers = "etherscan,blockscout,sourcify", SOURCIFY_URL: sourcify } = process.env;

/** A network of others: the address of its endpoint from keystore or environment, the key never from the latter. */
function remote(url: string, chainId: number | undefined) {
  return {
    type: "http" as const,
    url: configVariable(url),
    accounts: [signingKey("DEPLOYER_KEY")],
    ...(chainId === undefined ? {} : { chainId }),
    // As high as `colearn --max-fee` is where it is left out.
    ignition: { maxFeePerGasLimit: 500n * 10n ** 9n },
  };
}

export default defineConfig({
  plugins: [hardhatToolboxMochaEthers, deployment, anvil],
  solidity: { profiles: { default: solc, production: solc } },
  typechain: { tsNocheck: true },
  paths: { tests: { mocha: "./test/contracts", solidity: "./test/contracts" } },
  test: {
    solidity: {
      fuzz: { runs: Number(fuzzRuns), ...(seed === undefined ? {} : { seed }) },
      invariant: { runs: Number(invariantRuns), depth: Number(invariantDepth), failOnRevert: true },
    },
  },
  networks: {
    /** `npx hardhat node` and the demo: blocks on demand, and many of them within a second of real time. */
    node: { type: "edr-simulated", chainType: "l1", allowBlocksWithSameTimestamp: true },
    localhost: { type: "http", chainType: "l1", chainId: 31_337, url: "http://127.0.0.1:8545" },
    /** A second, independent client for the same tests: `npm run test:anvil` starts one and says where. */
    anvil: {
      type: "http",
      chainType: "l1",
      chainId: 31_337,
      url: process.env.COLEARN_ANVIL_URL ?? "http://127.0.0.1:8545",
    },
    custom: remote("CUSTOM_URL", custom.chainId),
    sepolia: remote("SEPOLIA_URL", 11_155_111),
    baseSepolia: remote("BASE_SEPOLIA_URL", 84_532),
    polygonAmoy: remote("POLYGON_AMOY_URL", 80_002),
  },
  chainDescriptors: custom.descriptors,
  verify: {
    etherscan: { apiKey: configVariable("ETHERSCAN_API_KEY"), enabled: verifiers.includes("etherscan") },
    blockscout: { enabled: verifiers.includes("blockscout") },
    sourcify: { enabled: verifiers.includes("sourcify"), ...(sourcify === undefined ? {} : { apiUrl: sourcify }) },
  },
});
