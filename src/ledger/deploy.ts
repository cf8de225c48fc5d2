import { ContractFactory, type Signer } from "ethers";

import { ColearnError } from "../errors.ts";
import { explain } from "./errors.ts";
import { DEFAULT_MAX_FEE, feesOf, requireAffordable } from "./fees.ts";
import { abi } from "./generated/abi.ts";
import { bytecode } from "./generated/bytecode.ts";
import { stakesAbi } from "./generated/stakes-abi.ts";
import { stakesBytecode } from "./generated/stakes-bytecode.ts";

export interface Deployment {
  readonly address: string;
  readonly transaction: string;
}

/**
 * Deploys the ledger, and waits until it is mined.
 * @param signer connected to the chain
 * @param maxFee what is offered at most for a unit of gas, wei
 * @param confirmations how deep it must be: 1, its own block, by default. Whoever uses the address asks the chain first, and a
 *   chain that mines on demand gets no deeper by itself
 * @throws ColearnError `fee-too-high`
 */
export function deployContract(signer: Signer, maxFee?: bigint, confirmations?: number): Promise<Deployment> {
  return deploy(new ContractFactory(abi, bytecode, signer), [], signer, maxFee, confirmations);
}

/** The same for the contract that holds the stakes of a ledger's experiments. */
export function deployStakes(
  signer: Signer,
  ledger: string,
  maxFee?: bigint,
  confirmations?: number,
): Promise<Deployment> {
  return deploy(new ContractFactory(stakesAbi, stakesBytecode, signer), [ledger], signer, maxFee, confirmations);
}

async function deploy(
  factory: ContractFactory,
  args: readonly unknown[],
  signer: Signer,
  maxFee = DEFAULT_MAX_FEE,
  confirmations?: number,
): Promise<Deployment> {
  try {
    const transaction = await signer.populateTransaction(await factory.getDeployTransaction(...args));
    requireAffordable(feesOf(transaction), maxFee);
    const receipt = await (await signer.sendTransaction(transaction)).wait(confirmations ?? 1);
    if (!receipt?.contractAddress) throw new ColearnError("no-contract", "the transaction deployed no contract");
    return { address: receipt.contractAddress, transaction: receipt.hash };
  } catch (error) {
    throw explain(error, "deploy the contract", factory.interface);
  }
}
