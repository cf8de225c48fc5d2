/** Chains where anybody can mine: blocks come at once, and the accounts' keys are public. */
export const LOCAL_CHAIN_ID = 31337;

/**
 * Blocks, the transaction's own included, before it counts as done. More would only make a round longer: should a chain
 * go back further than that, the node sees in its next snapshot that its vote is missing, and sends the same one again.
 */
const CONFIRMATIONS: ReadonlyMap<number, number> = new Map([
  // A transaction is mined at once, and no block follows by itself.
  [LOCAL_CHAIN_ID, 1],
  // Mainnet, with 12 s a block: since proof of stake at most two blocks were ever replaced in one go. 2 minutes.
  [1, 10],
  // Sepolia, with 12 s a block and nothing to gain for whoever reorganises it. 36 s.
  [11_155_111, 3],
  // Base Sepolia, with 2 s a block from one sequencer, which replaces blocks only when it fails. 10 s.
  [84_532, 5],
  // Polygon Amoy, with 2 s a block: its validators agree on milestones every few blocks. 32 s.
  [80_002, 16],
]);
/** Where nothing is known of a network. */
const UNKNOWN_CONFIRMATIONS = 5;

/** How deep a transaction must be before it counts as done: 1 is its own block. */
export function confirmationsOn(chainId: number): number {
  return CONFIRMATIONS.get(chainId) ?? UNKNOWN_CONFIRMATIONS;
}

/** How often a network is asked whether there is news, milliseconds. */
export function pollingIntervalOn(chainId: number): number {
  return chainId === LOCAL_CHAIN_ID ? 100 : 2_000;
}
