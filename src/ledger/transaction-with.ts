import { setTimeout as sleep } from "node:timers/promises";

import type { TransactionReceipt } from "ethers";

import type { Ledger } from "./ledger.ts";

/** How long a transaction that another says was mined may take to be seen. */
const SEEN_MILLISECONDS = 15_000;

/**
 * The receipt of a transaction, named by somebody else, where it makes this very call of the contract and went well: any
 * other's hash proves nothing. Nothing where there is none in time.
 * @param data the call
 */
export async function transactionWith(
  { provider, address }: Pick<Ledger, "provider" | "address">,
  data: string,
  hash: string,
): Promise<TransactionReceipt | undefined> {
  const until = Date.now() + SEEN_MILLISECONDS;
  while (Date.now() < until) {
    const transaction = await provider.getTransaction(hash);
    if (transaction && (transaction.to !== address || transaction.data !== data)) return undefined;
    const receipt = transaction && (await provider.getTransactionReceipt(hash));
    if (receipt) return receipt.status === 1 ? receipt : undefined;
    await sleep(provider.pollingInterval);
  }
  return undefined;
}
