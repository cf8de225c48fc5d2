import { setImmediate } from "node:timers/promises";

import { ColearnError } from "../errors.ts";

/** What work that was called off ends with. The signal's reason is the cause. */
export function abortedError(signal: AbortSignal): ColearnError {
  return new ColearnError("aborted", "the work was called off before it was done", { cause: signal.reason });
}

/** @throws ColearnError `aborted` when the signal has fired */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw abortedError(signal);
}

/** Lets messages in (the wish to stop may be one of them). @throws ColearnError `aborted` */
export async function pause(signal: AbortSignal | undefined): Promise<void> {
  await setImmediate();
  throwIfAborted(signal);
}
