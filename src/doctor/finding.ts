import { ColearnError } from "../errors.ts";
import { plainError } from "../ledger/errors.ts";

/** What a check found: `problem` stops a node or its work; `skipped` could not be looked at. */
export type Health = "ok" | "warning" | "problem" | "skipped";

export interface Finding {
  /** What was looked at, in a word or two. */
  readonly check: string;
  readonly health: Health;
  readonly message: string;
  /** What to do about it. */
  readonly remedy?: string | undefined;
}

export function ok(check: string, message: string): Finding {
  return { check, health: "ok", message };
}

export function warning(check: string, message: string, remedy: string): Finding {
  return { check, health: "warning", message, remedy };
}

export function problem(check: string, message: string, remedy: string): Finding {
  return { check, health: "problem", message, remedy };
}

export function skipped(check: string, message: string, remedy?: string): Finding {
  return { check, health: "skipped", message, remedy };
}

/** Looks, and makes a problem of what is thrown meanwhile. */
export async function examine(check: string, look: () => Promise<Finding>): Promise<Finding> {
  try {
    return await look();
  } catch (thrown) {
    const error = plainError(thrown) ?? thrown;
    const message = error instanceof Error ? error.message : String(error);
    const remedy = error instanceof ColearnError ? error.remedy : undefined;
    return { check, health: "problem", message, remedy };
  }
}
