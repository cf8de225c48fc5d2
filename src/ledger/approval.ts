/** A tally of votes and the part of the voters that must be exceeded, in basis points (0 to 9999). */
export interface Tally {
  readonly approvals: number;
  readonly voters: number;
  readonly approvalBps: number;
}

/** All of the voters, in basis points. */
const WHOLE = 10_000;

/**
 * Whether a proposal becomes everyone's weights: strictly more approvals than the given part of the voters, so that at
 * 5000 a tie rejects; who did not vote counts as not approving.
 *
 * The mirror of `contracts/libraries/Approval.sol`, which decides on the ledger; a property test holds the two equal.
 */
export function isAccepted({ approvals, voters, approvalBps }: Tally): boolean {
  return approvals * WHOLE > approvalBps * voters;
}
