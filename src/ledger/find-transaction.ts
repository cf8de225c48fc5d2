import type { TransactionResponse } from "ethers";

import type { Provider } from "./connect.ts";

/** Whole blocks are much to ask for: what lies further back than this is not looked for. */
const MAX_BLOCKS = 128;

/** The transaction that was mined with a key's nonce, from a block on; nothing where there is none in the last blocks. */
export async function findTransaction(
  provider: Provider,
  from: string,
  nonce: number,
  since: number,
): Promise<TransactionResponse | undefined> {
  const latest = await provider.getBlockNumber();
  for (let number = Math.max(since, latest - MAX_BLOCKS, 0); number <= latest; number++) {
    const block = await provider.getBlock(number, true);
    const found = block?.prefetchedTransactions.find((sent) => sent.from === from && sent.nonce === nonce);
    if (found) return found;
  }
  return undefined;
}
