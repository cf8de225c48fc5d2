import { sealOf, type BallotScope } from "../ledger/sealed-vote.ts";
import type { Transactor } from "../ledger/transactor.ts";
import type { RecordedVote } from "./decide.ts";
import type { Secrets } from "./secrets.ts";

/** How this node's votes get to the ledger. Each vote is in the journal before. */
export interface Casting {
  /**
   * Brings a vote to the ledger.
   * @param secondsLeft until no vote counts any more
   * @returns the hash of the transaction; undefined where the vote was there before, and nothing tells by which
   */
  cast(round: number, vote: RecordedVote, secondsLeft: number, signal: AbortSignal): Promise<string | undefined>;
}

/** By a transaction of the node's own. */
export function castDirectly(transactor: Transactor, experiment: bigint): Casting {
  return {
    cast: async (round, { proposal, approve, score }) =>
      (await transactor.vote(experiment, round, proposal, approve, score)).hash,
  };
}

/** Sealed: what it is, is revealed in another transaction when all are sealed. */
export function castSealed(transactor: Transactor, experiment: bigint, secrets: Secrets): Casting {
  return {
    async cast(round, vote) {
      const scope = await ballotScope(transactor, experiment, round, vote);
      const commitment = sealOf(scope, {
        ...vote,
        voter: transactor.address,
        salt: secrets.salt(round, scope.proposal),
      });
      return (await transactor.sealVote(experiment, round, vote.proposal, commitment)).hash;
    },
  };
}

async function ballotScope(
  { ledger }: Transactor,
  experiment: bigint,
  round: number,
  { proposal: { digest: proposal } }: RecordedVote,
): Promise<BallotScope> {
  const { chainId } = await ledger.provider.getNetwork();
  return { chainId, contract: ledger.address, experiment, round, proposal };
}
