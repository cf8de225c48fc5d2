/** What a transaction asks the contract for, and in whose name. */
import { getAddress, type Interface, type Result, type TypedDataDomain } from "ethers";

import { isCallSignedByKey } from "../ledger/signed-call.ts";

/** What somebody sent, as far as it tells who did what. */
export interface SentTransaction {
  readonly from: string;
  readonly to: string | undefined;
  /** The calldata. */
  readonly data: string;
}

export interface Call {
  /** Who sent it or, of a call by signature, whose signature it claims to have. */
  readonly by: string;
  /** The method; empty where the contract has none such. */
  readonly name: string;
  readonly args: Result;
  /** Of a call by signature. */
  readonly signed: { readonly call: string; readonly deadline: bigint; readonly signature: string } | undefined;
}

export interface CalledContract {
  readonly address: string;
  readonly interface: Interface;
}

/** The one call that a transaction makes; nothing where it is sent to another contract, and what that calls is not seen. */
export function callIn(sent: SentTransaction | undefined, contract: CalledContract): Call | undefined {
  if (sent?.to === undefined || getAddress(sent.to) !== contract.address) return undefined;
  const by = getAddress(sent.from);
  const outer = parse(contract.interface, sent.data);
  if (outer?.name !== "executeBySig")
    return { by, name: outer?.name ?? "", args: outer?.args ?? noArgs, signed: undefined };
  const [learner, call, deadline, signature] = outer.args as unknown as [string, string, bigint, string];
  const inner = parse(contract.interface, call);
  return {
    by: learner,
    name: inner?.name ?? "",
    args: inner?.args ?? noArgs,
    signed: { call, deadline, signature },
  };
}

const noArgs = [] as unknown as Result;

function parse(contract: Interface, data: string) {
  try {
    return contract.parseTransaction({ data });
  } catch {
    return null;
  }
}

/** Nonces are used one by one, by calls of other experiments too: so far is looked for the next one. */
const NONCES_TRIED = 64n;
/** And so far where the contract tells how many a key has used, and a signature by none of them would be forged. */
const USED_NONCES_TRIED = 1_024n;

/** Who signed calls by signature; each must be asked about once, in their order. */
export class SignedCalls {
  readonly #domain: TypedDataDomain;
  readonly #next = new Map<string, bigint>();

  constructor(domain: TypedDataDomain) {
    this.#domain = domain;
  }

  /**
   * @param used how many nonces the learner has used, if it can sign with its key only
   * @returns "claimed" where that cannot be told: a contract may have signed, or the key for a nonce too far away
   */
  signerOf({ by, signed }: Call, used?: bigint): "key" | "forged" | "claimed" {
    if (signed === undefined) return "claimed";
    const first = this.#next.get(by) ?? 0n;
    const end = first + (used !== undefined && used > first + NONCES_TRIED ? USED_NONCES_TRIED : NONCES_TRIED);
    for (let nonce = first; nonce < end; nonce++) {
      if (!isCallSignedByKey(this.#domain, { learner: by, ...signed }, nonce)) continue;
      this.#next.set(by, nonce + 1n);
      return "key";
    }
    return used !== undefined && used <= end ? "forged" : "claimed";
  }
}
