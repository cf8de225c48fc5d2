import { ContractFactory, type Signer } from "ethers";

import { ColearnError } from "../errors.ts";
import { explain } from "./errors.ts";
import { DEFAULT_MAX_FEE, feesOf, requireAffordable } from "./fees.ts";
import { abi } from "./generated/abi.ts";
import { bytecode } from "./generated/bytecode.ts";

export interface Deployment {
  readonly address: string;
  readonly transaction: string;
}

/**
 * Deploys the contract, and waits until it is mined.
 * @param signer connected to the chain
 * @param maxFee what is offered at most for a unit of gas, wei
 * @throws ColearnError `fee-too-high`
 */
export async function deployContract(signer: Signer, maxFee = DEFAULT_MAX_FEE): Promise<Deployment> {
  const factory = new ContractFactory(abi, bytecode, signer);
  try {
    const transaction = await signer.populateTransaction(await factory.getDeployTransaction());
    requireAffordable(feesOf(transaction), maxFee);
    const receipt = await (await signer.sendTransaction(transaction)).wait();
    if (!receipt?.contractAddress) throw new ColearnError("no-contract", "the transaction deployed no contract");
    return { address: receipt.contractAddress, transaction: receipt.hash };
  } catch (error) {
    throw explain(error, "deploy the contract", factory.interface);
  }
}
