/** Invitations that a coordinator signs (EIP-712) instead of sending `invite`: they cost no gas, and end with the start. */
import { getAddress, verifyTypedData, type Signer, type TypedDataDomain } from "ethers";

const types = {
  Invitation: [
    { name: "experiment", type: "uint256" },
    { name: "learner", type: "address" },
  ],
};

/** @returns the signature, which `join` takes from this learner only */
export async function signInvitation(
  signer: Signer,
  domain: TypedDataDomain,
  experiment: bigint,
  learner: string,
): Promise<string> {
  return signer.signTypedData(domain, types, { experiment, learner });
}

/** Whether the coordinator's own key signed. A coordinator that is a contract has none: only the ledger can ask it. */
export function isInvitationSignedByKey(
  domain: TypedDataDomain,
  { experiment, learner, coordinator }: { experiment: bigint; learner: string; coordinator: string },
  signature: string,
): boolean {
  try {
    return verifyTypedData(domain, types, { experiment, learner }, signature) === getAddress(coordinator);
  } catch {
    return false;
  }
}
