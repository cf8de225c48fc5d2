import type { Command } from "commander";

import { UserError } from "../errors.ts";
import { connect, LOCAL_CHAIN_ID, requireContract } from "../ledger/connect.ts";
import { deployContract, deployStakes } from "../ledger/deploy.ts";
import { address, type ChainOptions, type KeyOptions, withChain, withJson, withKey } from "./options.ts";
import { paint, print, printJson } from "./output.ts";
import { fundedKey } from "./session.ts";

/** The networks of `hardhat.config.ts` that have a name. */
const NETWORKS: ReadonlyMap<number, string> = new Map([
  [11_155_111, "sepolia"],
  [84_532, "baseSepolia"],
  [80_002, "polygonAmoy"],
]);

interface DeployOptions extends ChainOptions, KeyOptions {
  readonly withStakes?: boolean;
  readonly stakesFor?: string;
  readonly json?: boolean;
}

export function register(program: Command): void {
  const command = program.command("deploy").description("deploy the contract: once for any number of experiments");
  command
    .option("--with-stakes", "deploy the contract that holds learners' stakes as well")
    .option("--stakes-for <address>", "deploy that one alone, for a contract that is there already", address);
  withJson(withKey(withChain(command)))
    .addHelpText("after", "\nExample:\n  colearn deploy --dev-account 0")
    .action(deploy);
}

async function deploy(options: DeployOptions): Promise<void> {
  const { withStakes = false, stakesFor } = options;
  if (withStakes && stakesFor !== undefined) {
    throw new UserError("stakes-for", "--with-stakes and --stakes-for exclude each other", {
      remedy: "the first is for a contract that is deployed now, the second for one that is there",
    });
  }
  const provider = await connect(options);
  try {
    if (stakesFor !== undefined) await requireContract(provider, stakesFor);
    const wallet = (await fundedKey(options, provider)).connect(provider);
    const { chainId } = await provider.getNetwork();
    const deployed =
      stakesFor === undefined ? await deployContract(wallet, options.maxFee, options.confirmations) : undefined;
    const contract = deployed?.address ?? stakesFor ?? "";
    // Told before the next step, which may fail.
    if (deployed && !options.json) print(...ledgerLines(contract, chainId));
    const stakes =
      withStakes || stakesFor !== undefined
        ? await deployStakes(wallet, contract, options.maxFee, options.confirmations)
        : undefined;
    if (options.json) {
      const transaction = (deployed ?? stakes)?.transaction;
      printJson({ contract, chainId: Number(chainId), transaction, ...(stakes && { stakes: stakes.address }) });
    } else if (stakes) print(...stakesLines(stakes.address, contract, chainId));
  } finally {
    provider.destroy();
  }
}

function ledgerLines(contract: string, chainId: bigint): string[] {
  return [
    `The contract is at ${paint.bold(contract)} on chain ${chainId}.`,
    `For the next commands: export COLEARN_CONTRACT=${contract}`,
    ...verifyLine(chainId, contract),
  ];
}

function stakesLines(stakes: string, contract: string, chainId: bigint): string[] {
  return [
    `The stakes of its experiments: ${paint.bold(stakes)}, as in \`colearn create --stakes ${stakes} …\`.`,
    ...verifyLine(chainId, `${stakes} ${contract}`),
  ];
}

function verifyLine(chainId: bigint, what: string): string[] {
  if (Number(chainId) === LOCAL_CHAIN_ID) return [];
  return [`To show its source in explorers, in a checkout of this version: ${verifyCommand(chainId, what)}`];
}

/** The command that verifies a contract, as `docs/deploy.md` explains: the bytecode is the one that Hardhat builds. */
export function verifyCommand(chainId: bigint, contract: string): string {
  const name = NETWORKS.get(Number(chainId));
  const environment = name === undefined ? `CUSTOM_CHAIN_ID=${chainId} ` : "";
  return `${environment}npx hardhat verify --network ${name ?? "custom"} --without-key ${contract}`;
}
