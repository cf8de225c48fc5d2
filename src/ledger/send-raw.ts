import { isError } from "ethers";

import { ColearnError } from "../errors.ts";
import type { Provider } from "./connect.ts";

/** What an endpoint did with a transaction: where it did not answer, it may have taken it all the same. */
export type Broadcast = "taken" | "unknown" | "underpriced" | "used";

/**
 * Hands a signed transaction to the endpoint.
 * @throws what ethers throws where it is refused for good
 */
export async function sendRaw(provider: Provider, raw: string): Promise<Broadcast> {
  try {
    await provider.send("eth_sendRawTransaction", [raw]);
    return "taken";
  } catch (error) {
    if (isError(error, "NONCE_EXPIRED")) return "used";
    if (isError(error, "REPLACEMENT_UNDERPRICED")) return "underpriced";
    if (isUnanswered(error)) return "unknown";
    if (saysAlreadyKnown(error)) return "taken";
    throw error;
  }
}

export function isUnanswered(error: unknown): boolean {
  return error instanceof ColearnError && error.code === "rpc";
}

/** Every kind of node says it in its own words. */
function saysAlreadyKnown(error: unknown): boolean {
  return /already[ _]?(known|imported|exists)|known transaction/i.test(String(error));
}
