/**
 * Calls that a learner signs (EIP-712) and anybody sends and pays for: `executeBySig` of the contract. The calls that need
 * no signature, because anybody may make them, are here too: whoever cannot pay asks somebody else to send them.
 */
import { getAddress, verifyTypedData, type Signer, type TypedDataDomain } from "ethers";

const types = {
  Call: [
    { name: "learner", type: "address" },
    { name: "call", type: "bytes" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint256" },
  ],
};

/** What a learner sends by signature. Votes are not among them: they go as signed votes, many in one transaction. */
export const signedMethods: ReadonlySet<string> = new Set([
  "join",
  "updateContact",
  "leaveExperiment",
  "resume",
  "propose",
  "sealVote",
  "startExperiment",
]);

/** What anybody may send for anybody: no signature is needed. */
export const openMethods: ReadonlySet<string> = new Set(["reveal", "advance"]);

interface CallMessage {
  readonly learner: string;
  /** The calldata. */
  readonly call: string;
  /** The learner's next nonce on the contract: not its account's. */
  readonly nonce: bigint;
  /** Unix time in seconds after which the signature is worth nothing. */
  readonly deadline: bigint;
}

export interface SignedCall extends Omit<CallMessage, "nonce"> {
  /** 65 bytes of a key's, or what the learner's contract takes. */
  readonly signature: string;
}

/** What somebody who cannot pay asks another to send: a signed call, or one that anybody may make. */
export type RelayedCall =
  ({ readonly kind: "call" } & SignedCall) | { readonly kind: "open-call"; readonly call: string };

/** Somebody, or several, who send calls for a key that cannot pay. */
export interface CallRelay {
  /**
   * Has a call sent.
   * @param confirm looks for the transaction that a relay says it is: nothing where there is no such
   * @throws ColearnError `not-relayed` when nobody sent it
   */
  send<T>(call: RelayedCall, confirm: (hash: string) => Promise<T | undefined>): Promise<T>;
}

export async function signCall(signer: Signer, domain: TypedDataDomain, message: CallMessage): Promise<SignedCall> {
  const { learner, call, deadline } = message;
  return { learner, call, deadline, signature: await signer.signTypedData(domain, types, message) };
}

/** Whether the learner's own key signed for this nonce. A learner that is a contract has none: only the ledger can ask it. */
export function isCallSignedByKey(domain: TypedDataDomain, { signature, ...call }: SignedCall, nonce: bigint): boolean {
  try {
    return verifyTypedData(domain, types, { ...call, nonce }, signature) === getAddress(call.learner);
  } catch {
    return false;
  }
}
