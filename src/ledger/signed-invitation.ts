/** Invitations that a coordinator signs (EIP-712) instead of sending `invite`: they cost no gas, and end with the start. */
import type { Signer, TypedDataDomain } from "ethers";

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
