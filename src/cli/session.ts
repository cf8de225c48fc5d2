import { formatEther, type BaseWallet } from "ethers";

import { UserError } from "../errors.ts";
import { connect, requireContract, type Provider } from "../ledger/connect.ts";
import type { EndpointLog } from "../ledger/failover.ts";
import { Ledger } from "../ledger/ledger.ts";
import { Transactor } from "../ledger/transactor.ts";
import { loadKey } from "./key.ts";
import type { ChainOptions, ContractOptions, KeyOptions } from "./options.ts";

/**
 * Connects to the contract that the options name, for reading. The caller destroys `ledger.provider` in the end.
 * @param options with `log`, endpoints that fail, lag and come back are told there
 */
export async function openLedger(options: ContractOptions & { readonly log?: EndpointLog }): Promise<Ledger> {
  const provider = await connect(options);
  try {
    await requireContract(provider, options.contract);
    return new Ledger(provider, options.contract);
  } catch (error) {
    provider.destroy();
    throw error;
  }
}

/** Runs a command against the contract, with the key that signs, and disconnects in the end. */
export async function withTransactor<T>(
  options: ContractOptions & KeyOptions,
  work: (transactor: Transactor, wallet: BaseWallet) => Promise<T>,
): Promise<T> {
  return withLedger(options, async (ledger) => {
    const wallet = await fundedKey(options, ledger.provider);
    return work(
      await Transactor.create(ledger, wallet, { maxFeePerGas: options.maxFee, confirmations: options.confirmations }),
      wallet,
    );
  });
}

export async function withLedger<T>(options: ContractOptions, work: (ledger: Ledger) => Promise<T>): Promise<T> {
  const ledger = await openLedger(options);
  try {
    return await work(ledger);
  } finally {
    ledger.provider.destroy();
  }
}

/** The key that signs, whether it can pay for anything or not. */
export async function signingKey(options: ChainOptions & KeyOptions, provider: Provider): Promise<BaseWallet> {
  return loadKey(options, Number((await provider.getNetwork()).chainId));
}

/** The key that signs; refused when it could not pay for anything. */
export async function fundedKey(options: ChainOptions & KeyOptions, provider: Provider): Promise<BaseWallet> {
  const { chainId } = await provider.getNetwork();
  const wallet = await signingKey(options, provider);
  if ((await provider.getBalance(wallet.address)) === 0n) {
    throw new UserError("no-funds", `${wallet.address} has ${formatEther(0n)} of chain ${chainId}'s currency`, {
      remedy: "send it some: transactions cost gas",
    });
  }
  return wallet;
}

/**
 * The experiment that was asked for, or the newest one.
 * @throws UserError when there is none
 */
export async function resolveExperiment(ledger: Ledger, asked: bigint | undefined): Promise<bigint> {
  const count = await ledger.experimentCount();
  if (count === 0) {
    throw new UserError("experiment", `the contract ${ledger.address} has no experiment yet`, {
      remedy: "create one with `colearn create`",
    });
  }
  if (asked !== undefined && asked > BigInt(count)) {
    throw new UserError("experiment", `there is no experiment ${asked} at ${ledger.address}: the newest is ${count}`, {
      remedy: "check the number, or --contract",
    });
  }
  return asked ?? BigInt(count);
}
