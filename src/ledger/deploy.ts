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
 * @throws ColearnError `fee-too-high`
 */
export function deployContract(signer: Signer, maxFee?: bigint): Promise<Deployment> {
  return deploy(new ContractFactory(abi, bytecode, signer), [], signer, maxFee);
}

/** The same for the contract that holds the stakes of a ledger's experiments. */
export function deployStakes(signer: Signer, ledger: string, maxFee?: bigint): Promise<Deployment> {
  return deploy(new ContractFactory(stakesAbi, stakesBytecode, signer), [ledger], signer, maxFee);
}

async function deploy(
  factory: ContractFactory,
  args: readonly unknown[],
  signer: Signer,
  maxFee = DEFAULT_MAX_FEE,
): Promise<Deployment> {
  try {
    const transaction = await signer.populateTransaction(await factory.getDeployTransaction(...args));
    requireAffordable(feesOf(transaction), maxFee);
    const receipt = await (await signer.sendTransaction(transaction)).wait();
    if (!receipt?.contractAddress) throw new ColearnError("no-contract", "the transaction deployed no contract");
    return { address: receipt.contractAddress, transaction: receipt.hash };
  } catch (error) {
    throw explain(error, "deploy the contract", factory.interface);
  }
}
