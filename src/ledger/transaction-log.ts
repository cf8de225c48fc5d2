/**
 * Where the outbox writes down what it signs, before anybody has it: a process that is started anew then knows what the one
 * before may have sent, and with which nonce.
 */
import type { Fees } from "./fees.ts";

export interface LoggedTransaction {
  readonly hash: string;
  readonly nonce: number;
  /** What it is for, in words. */
  readonly action: string;
  readonly to: string;
  readonly data: string;
  readonly gasLimit: bigint;
  readonly fees: Fees;
  /** A block when the nonce was free. */
  readonly since: number;
  /** When the nonce was first used, unix milliseconds. */
  readonly began: number;
}

export interface TransactionLog {
  /** What was signed for nonces that are not known to be used, in the order of signing. */
  open(): LoggedTransaction[];
  /** Writes down what is signed, before it is sent; idempotent. @throws where it cannot: then it must not be sent */
  record(transaction: LoggedTransaction): void;
  /** A nonce is used: by the transaction with this hash, or, without one, by something else. */
  close(nonce: number, hash: string | undefined): void;
}
