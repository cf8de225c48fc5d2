/**
 * What a learner's worker thread and its proxy say to each other. Everything here survives structured cloning.
 */
import { ColearnError, UserError } from "../../errors.ts";
import type { MachineLearningInterface } from "../interface.ts";

/** The calls that go to the worker; disposing ends the worker as well. */
export type Method = keyof MachineLearningInterface;

export type ToWorker =
  | { readonly type: "call"; readonly id: number; readonly method: Method; readonly argument: unknown }
  | { readonly type: "abort"; readonly id: number };

export type FromWorker =
  | { readonly type: "ready"; readonly info: unknown }
  | { readonly type: "failed"; readonly error: ErrorRecord }
  | { readonly type: "result"; readonly id: number; readonly value: unknown }
  | { readonly type: "error"; readonly id: number; readonly error: ErrorRecord }
  | { readonly type: "progress"; readonly id: number; readonly done: number; readonly total: number };

/** An error as plain data: structured cloning keeps neither the class nor the code. */
export interface ErrorRecord {
  readonly name: string;
  readonly message: string;
  readonly stack?: string | undefined;
  readonly code?: string | undefined;
  readonly remedy?: string | undefined;
}

export function recordError(error: unknown): ErrorRecord {
  if (!(error instanceof Error)) return { name: "Error", message: String(error) };
  const { name, message, stack } = error;
  return error instanceof ColearnError
    ? { name, message, stack, code: error.code, remedy: error.remedy }
    : { name, message, stack };
}

/** The error again, of its own class if it is one of this project's, with the stack of the thread it comes from. */
export function restoreError({ name, message, stack, code, remedy }: ErrorRecord): Error {
  const options = remedy === undefined ? {} : { remedy };
  let error: Error;
  if (code === undefined) error = new Error(message);
  else if (name === "UserError") error = new UserError(code, message, options);
  else error = new ColearnError(code, message, options);
  if (stack !== undefined) error.stack = stack;
  return error;
}
