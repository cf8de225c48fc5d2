import { ContractFactory, type Signer } from "ethers";

import { explain } from "./errors.ts";
import { abi } from "./generated/abi.ts";
import { bytecode } from "./generated/bytecode.ts";

export interface Deployment {
  readonly address: string;
  readonly transaction: string | undefined;
}

/**
 * Deploys the contract, and waits until it is mined.
 * @param signer connected to the chain
 */
export async function deployContract(signer: Signer): Promise<Deployment> {
  const factory = new ContractFactory(abi, bytecode, signer);
  try {
    const contract = await factory.deploy();
    await contract.waitForDeployment();
    return { address: await contract.getAddress(), transaction: contract.deploymentTransaction()?.hash };
  } catch (error) {
    throw explain(error, "deploy the contract", factory.interface);
  }
}
