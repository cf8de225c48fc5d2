/** What a round's ballot came to. */
export interface Tally {
  /** Votes that approve. */
  readonly approvals: number;
  /** Learners that could vote: absent ones included, the proposer not. */
  readonly voters: number;
  /** The share of the voters that must be exceeded, in basis points: 5000 asks for more than half. */
  readonly approvalBps: number;
}

/**
 * Whether a proposal is accepted: strictly more than the asked share of all voters, so that a tie rejects and an absent
 * voter counts as not approving. The ledger's contract holds the same rule; a property test keeps them equal.
 * (fetchai/colearn accepts ties: 4999 reproduces it.)
 */
export function isAccepted({ approvals, voters, approvalBps }: Tally): boolean {
  return approvals * 10_000 > approvalBps * voters;
}
