/**
 * Votes that their voters sign (EIP-712) and anybody sends, many in one transaction: `castVotesBySig` of the contract.
 */
import { getAddress, Signature, toBeHex, verifyTypedData, ZeroHash, type Signer, type TypedDataDomain } from "ethers";

/** Which contract a signature is for. */
export function domainOf(chainId: bigint, contract: string): TypedDataDomain {
  return { name: "CollectiveLearning", version: "1", chainId, verifyingContract: contract };
}

const types = {
  Vote: [
    { name: "experiment", type: "uint256" },
    { name: "round", type: "uint32" },
    { name: "proposal", type: "bytes32" },
    { name: "voter", type: "address" },
    { name: "approve", type: "bool" },
    { name: "score", type: "int64" },
  ],
};

export interface VoteMessage {
  readonly experiment: bigint;
  readonly round: number;
  /** Digest of the proposal. */
  readonly proposal: string;
  readonly voter: string;
  readonly approve: boolean;
  /** In millionths of the manifest's metric, as the ledger keeps it: see `toScore`. */
  readonly score: bigint;
}

export interface SignedVote extends VoteMessage {
  /** 65 bytes of a key's, or what the voter's contract takes. */
  readonly signature: string;
}

export async function signVote(signer: Signer, domain: TypedDataDomain, vote: VoteMessage): Promise<SignedVote> {
  return { ...vote, signature: await signer.signTypedData(domain, types, vote) };
}

/** Whether the voter's own key signed. A voter that is a contract has none: only the ledger can ask it. */
export function isSignedByKey(domain: TypedDataDomain, { signature, ...vote }: SignedVote): boolean {
  try {
    return verifyTypedData(domain, types, vote, signature) === getAddress(vote.voter);
  } catch {
    return false;
  }
}

/** The arguments of `castVotesBySig` behind the proposal. Votes of who is no learner are left out. */
export function encodeBatch(domain: TypedDataDomain, votes: readonly SignedVote[], learners: readonly string[]) {
  const sorted = votes
    .map((vote) => ({ ...vote, index: learners.indexOf(vote.voter) }))
    .filter(({ index }) => index >= 0)
    .sort((a, b) => a.index - b.index);
  let [voters, approvals] = [0n, 0n];
  const contractSignatures: string[] = [];
  const rest = sorted.map(({ index, ...vote }) => {
    const { approve, score, signature } = vote;
    const bit = 1n << BigInt(index);
    voters |= bit;
    if (approve) approvals |= bit;
    if (isSignedByKey(domain, vote)) {
      const { r, yParityAndS: vs } = Signature.from(signature);
      return { score, r, vs };
    }
    contractSignatures.push(signature);
    return {
      score,
      r: toBeHex(contractSignatures.length - 1, 32),
      vs: ZeroHash,
    };
  });
  return [voters, approvals, rest, contractSignatures, learners] as const;
}
