import type { Command } from "commander";

import { connect, LOCAL_CHAIN_ID } from "../ledger/connect.ts";
import { deployContract } from "../ledger/deploy.ts";
import { type ChainOptions, type KeyOptions, withChain, withJson, withKey } from "./options.ts";
import { paint, print, printJson } from "./output.ts";
import { fundedKey } from "./session.ts";

/** The networks of `hardhat.config.ts` that have a name. */
const NETWORKS: ReadonlyMap<number, string> = new Map([
  [11_155_111, "sepolia"],
  [84_532, "baseSepolia"],
  [80_002, "polygonAmoy"],
]);

interface DeployOptions extends ChainOptions, KeyOptions {
  readonly json?: boolean;
}

export function register(program: Command): void {
  const command = program.command("deploy").description("deploy the contract: once for any number of experiments");
  withJson(withKey(withChain(command)))
    .addHelpText("after", "\nExample:\n  colearn deploy --dev-account 0")
    .action(deploy);
}

async function deploy(options: DeployOptions): Promise<void> {
  const provider = await connect(options);
  try {
    const wallet = (await fundedKey(options, provider)).connect(provider);
    const { address: contract, transaction } = await deployContract(wallet, options.maxFee);
    const { chainId } = await provider.getNetwork();
    if (options.json) {
      printJson({ contract, chainId: Number(chainId), transaction });
    } else {
      print(
        `The contract is at ${paint.bold(contract)} on chain ${chainId}.`,
        `For the next commands: export COLEARN_CONTRACT=${contract}`,
        ...(Number(chainId) === LOCAL_CHAIN_ID
          ? []
          : [`To show its source in explorers, in a checkout of this version: ${verifyCommand(chainId, contract)}`]),
      );
    }
  } finally {
    provider.destroy();
  }
}

/** The command that verifies a contract, as `docs/deploy.md` explains: the bytecode is the one that Hardhat builds. */
export function verifyCommand(chainId: bigint, contract: string): string {
  const name = NETWORKS.get(Number(chainId));
  const environment = name === undefined ? `CUSTOM_CHAIN_ID=${chainId} ` : "";
  return `${environment}npx hardhat verify --network ${name ?? "custom"} --without-key ${contract}`;
}
