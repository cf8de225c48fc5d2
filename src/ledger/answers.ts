import type { JsonRpcPayload } from "ethers";

import type { Answer } from "./upstream.ts";

type Refusal = Extract<Answer, { error: unknown }>;

export function isRefusal(answer: Answer): answer is Refusal {
  return "error" in answer;
}

/**
 * Whether an error is about the question, so that any endpoint would answer the same; else it may be the endpoint's own:
 * a limit, a method it does not serve, a block it has dropped.
 */
export function isVerdict({ error }: Refusal): boolean {
  const { code, data } = error as { code?: unknown; data?: unknown };
  // Where a contract refuses. Hardhat wraps it once more.
  const reason = typeof data === "object" && data !== null && "data" in data ? data.data : data;
  if (code === 3 || (typeof reason === "string" && reason.startsWith("0x"))) return true;
  return /revert|insufficient funds|doesn't have enough funds|out of gas|invalid opcode|nonce/i.test(messageOf(error));
}

/** The highest block that a result proves: it was asked for after the block number was told. */
export function blockIn({ method }: JsonRpcPayload, answer: Answer): number {
  if (isRefusal(answer)) return 0;
  const result = answer.result as unknown;
  const field = { eth_getTransactionReceipt: "blockNumber", eth_getBlockByNumber: "number" }[method];
  if (method !== "eth_blockNumber" && field === undefined) return 0;
  const value = field === undefined ? result : (result as Readonly<Record<string, unknown>> | null)?.[field];
  const block = typeof value === "string" ? Number(value) : 0;
  return Number.isSafeInteger(block) ? block : 0;
}

/**
 * What counts of the answers of several endpoints to one transaction where none took it. Those that know more of the
 * chain say more: that they have it already, or that its nonce is used.
 */
export function tellingRefusal(refusals: readonly Refusal[]): { refusal: Refusal; isCertain: boolean } | undefined {
  const telling = [/already|known transaction/i, /nonce/i, /underpriced|replacement/i];
  for (const pattern of telling) {
    const refusal = refusals.find(({ error }) => pattern.test(messageOf(error)));
    if (refusal) return { refusal, isCertain: true };
  }
  const [refusal] = refusals;
  return refusal && { refusal, isCertain: false };
}

function messageOf(error: unknown): string {
  const { message } = (error ?? {}) as { message?: unknown };
  return typeof message === "string" ? message : "";
}
