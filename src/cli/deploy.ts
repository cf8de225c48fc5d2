import type { Command } from "commander";

import { connect } from "../ledger/connect.ts";
import { deployContract } from "../ledger/deploy.ts";
import { type ChainOptions, type KeyOptions, withChain, withJson, withKey } from "./options.ts";
import { paint, print, printJson } from "./output.ts";
import { fundedKey } from "./session.ts";

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
      );
    }
  } finally {
    provider.destroy();
  }
}
