/**
 * What learners and relays say to each other: one request and one answer, JSON, a stream each of `/colearn/relay/1`.
 * Numbers that may not fit into JSON's are decimal text. Requests are strangers' text: nothing in them is believed.
 */
import { getAddress, isAddress } from "ethers";
import { z } from "zod";

import { ColearnError } from "../../errors.ts";
import type { RelayedCall } from "../../ledger/signed-call.ts";
import type { SignedVote } from "../../ledger/signed-vote.ts";

export const PROTOCOL = "/colearn/relay/1";

/** A key's signature has 65 bytes, a contract's may be longer. */
const MAX_SIGNATURE_BYTES = 1_024;
/** The longest call, `join`, has a contact of at most 1 KiB and an invitation. */
const MAX_CALL_BYTES = 8_192;

const hex = (maxBytes: number) =>
  z
    .string()
    .max(2 + 2 * maxBytes)
    .regex(/^0x([0-9a-fA-F]{2})*$/)
    .transform((text) => text.toLowerCase());
const digest = hex(32).refine((text) => text.length === 66);
const account = z
  .string()
  .refine((text) => isAddress(text))
  .transform((text) => getAddress(text));
const unsigned = z
  .string()
  .regex(/^\d{1,77}$/)
  .transform((text) => BigInt(text));
const int64 = z
  .string()
  .regex(/^-?\d{1,19}$/)
  .transform((text) => BigInt(text))
  .refine((value) => value === BigInt.asIntN(64, value));

const requestSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("vote"),
    experiment: unsigned,
    round: z.int().min(1).max(0xffffffff),
    proposal: digest,
    voter: account,
    approve: z.boolean(),
    score: int64,
    signature: hex(MAX_SIGNATURE_BYTES),
  }),
  z.object({
    kind: z.literal("call"),
    learner: account,
    call: hex(MAX_CALL_BYTES),
    deadline: unsigned,
    signature: hex(MAX_SIGNATURE_BYTES),
  }),
  /** A call that needs no signature. */
  z.object({ kind: z.literal("open-call"), call: hex(MAX_CALL_BYTES) }),
]);

const answerSchema = z.discriminatedUnion("status", [
  /** The vote is remembered, and sent with the others. */
  z.object({ status: z.literal("accepted") }),
  /** It is on the ledger. */
  z.object({ status: z.literal("done"), transaction: digest }),
  z.object({ status: z.literal("refused"), code: z.string().max(100), reason: z.string().max(1_000) }),
]);

export type Request = ({ readonly kind: "vote" } & SignedVote) | RelayedCall;
export type Answer = z.output<typeof answerSchema>;

export function encodeRequest(request: Request): Uint8Array {
  return encode(request);
}

/** @throws ColearnError `relay-request` where it is no request */
export function decodeRequest(bytes: Uint8Array): Request {
  return decode(requestSchema, bytes, "relay-request");
}

export function encodeAnswer(answer: Answer): Uint8Array {
  return encode(answer);
}

/** @throws ColearnError `relay-answer` where it is no answer */
export function decodeAnswer(bytes: Uint8Array): Answer {
  return decode(answerSchema, bytes, "relay-answer");
}

function encode(message: object): Uint8Array {
  return Buffer.from(
    JSON.stringify(message, (_key, value: unknown) => (typeof value === "bigint" ? value.toString() : value)),
  );
}

function decode<T>(schema: z.ZodType<T>, bytes: Uint8Array, code: string): T {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new ColearnError(code, `${bytes.length} bytes that are no JSON`);
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue?.path.join(".") ?? "";
  throw new ColearnError(code, `${field === "" ? "the message" : `the field ${field}`}: ${issue?.message ?? "wrong"}`);
}
