import { AbiCoder, keccak256 } from "ethers";

import { toScore } from "./score.ts";

/** A vote as its voter seals it. */
export interface SealedVote {
  readonly voter: string;
  readonly approve: boolean;
  /** In the manifest's metric. */
  readonly score: number;
  /** 32 bytes that nobody else can guess. */
  readonly salt: string;
}

/** Which ballot a sealed vote is for. */
export interface BallotScope {
  readonly chainId: bigint;
  readonly contract: string;
  readonly experiment: bigint;
  readonly round: number;
  /** Digest of the proposal. */
  readonly proposal: string;
}

const types = ["uint256", "address", "uint256", "uint32", "bytes32", "address", "bool", "int64", "bytes32"];

/** The commitment that is sealed: the contract's `sealOf`, without telling an endpoint the vote. */
export function sealOf(scope: BallotScope, vote: SealedVote): string {
  return sealOfMillionths(scope, { ...vote, score: toScore(vote.score) });
}

/** The same, of a score as the ledger keeps it: see `toScore`. */
export function sealOfMillionths(
  scope: BallotScope,
  { voter, approve, score, salt }: Omit<SealedVote, "score"> & { readonly score: bigint },
): string {
  const { chainId, contract, experiment, round, proposal } = scope;
  const values = [chainId, contract, experiment, round, proposal, voter, approve, score, salt];
  return keccak256(AbiCoder.defaultAbiCoder().encode(types, values));
}
