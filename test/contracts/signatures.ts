/** What people sign for the ledger (EIP-712), written from the interface's words alone. */
import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { Signature, type TypedDataDomain } from "ethers";

import type { SignedVote } from "./ledger-contract.ts";
import { ethers, ID, person, proposalOf, SCORE, setOf, type World } from "./world.ts";

const VOTE = {
  Vote: [
    { name: "experiment", type: "uint256" },
    { name: "round", type: "uint32" },
    { name: "proposal", type: "bytes32" },
    { name: "voter", type: "address" },
    { name: "approve", type: "bool" },
    { name: "score", type: "int64" },
  ],
};

const CALL = {
  Call: [
    { name: "learner", type: "address" },
    { name: "call", type: "bytes" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint256" },
  ],
};

const INVITATION = {
  Invitation: [
    { name: "experiment", type: "uint256" },
    { name: "learner", type: "address" },
  ],
};

export interface VoteMessage {
  experiment: bigint;
  round: number;
  proposal: string;
  voter: string;
  approve: boolean;
  score: number;
}

export interface CallMessage {
  learner: string;
  call: string;
  nonce: bigint;
  deadline: number;
}

/** Any account that signs typed data: one of Hardhat's, or a wallet of this process. */
type Signer = Pick<HardhatEthersSigner, "address" | "signTypedData">;

async function domainOf(world: World, changes: TypedDataDomain): Promise<TypedDataDomain> {
  return {
    name: "CollectiveLearning",
    version: "1",
    chainId: (await ethers.provider.getNetwork()).chainId,
    verifyingContract: await world.ledger.getAddress(),
    ...changes,
  };
}

/** A vote on round 1's proposal unless something else is asked for. */
export async function signVote(
  world: World,
  signer: Signer,
  approve: boolean,
  changes: Partial<VoteMessage> = {},
  domain: TypedDataDomain = {},
): Promise<string> {
  const round = changes.round ?? 1;
  return await signer.signTypedData(await domainOf(world, domain), VOTE, {
    experiment: ID,
    round,
    proposal: proposalOf(round).digest,
    voter: signer.address,
    approve,
    score: SCORE,
    ...changes,
  });
}

/** The same, as it stands in a batch. */
export async function signedVote(...asked: Parameters<typeof signVote>): Promise<SignedVote> {
  const { r, yParityAndS } = Signature.from(await signVote(...asked));
  return { score: asked[3]?.score ?? SCORE, r, vs: yParityAndS };
}

export async function signCall(
  world: World,
  signer: Signer,
  message: CallMessage,
  domain: TypedDataDomain = {},
): Promise<string> {
  return await signer.signTypedData(await domainOf(world, domain), CALL, message);
}

export async function signInvitation(
  world: World,
  coordinator: Signer,
  learner: string,
  experiment = ID,
  domain: TypedDataDomain = {},
): Promise<string> {
  return await coordinator.signTypedData(await domainOf(world, domain), INVITATION, { experiment, learner });
}

/** One vote of a batch. */
export interface Cast {
  readonly index: number;
  readonly approve: boolean;
  readonly signed: SignedVote;
}

/** A signed vote of one person, as it stands in a batch. */
export async function castBy(
  world: World,
  index: number,
  approve: boolean,
  changes: Partial<VoteMessage> = {},
): Promise<Cast> {
  return { index, approve, signed: await signedVote(world, person(world, index), approve, changes) };
}

interface BatchOptions {
  round?: number;
  proposal?: string;
  contractSignatures?: string[];
  learners?: string[];
}

/** Sends votes in one transaction, as a stranger and with a list of no learners unless something else is asked for. */
export async function sendBatch(world: World, casts: readonly Cast[], options: BatchOptions = {}) {
  const { round = 1, contractSignatures = [], learners = [] } = options;
  const { proposal = proposalOf(round).digest } = options;
  const sorted = casts.toSorted((one, other) => one.index - other.index);
  return await world.ledger.connect(world.stranger).castVotesBySig(
    ID,
    round,
    proposal,
    setOf(...sorted.map(({ index }) => index)),
    setOf(...sorted.filter(({ approve }) => approve).map(({ index }) => index)),
    sorted.map(({ signed }) => signed),
    contractSignatures,
    learners,
  );
}
