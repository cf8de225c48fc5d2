/**
 * The base of every error this project throws on purpose: what was wrong, with the value, and what to do about it.
 * Anything else that reaches the top is a defect.
 */
export class ColearnError extends Error {
  override readonly name: string = "ColearnError";
  /** Machine-readable, stable, kebab-case: also the reason written beside a reject vote. */
  readonly code: string;
  /** One sentence on how to mend it, where a person can. */
  readonly remedy: string | undefined;

  constructor(code: string, message: string, options: { remedy?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.remedy = options.remedy;
  }
}

/** A mistake of the person at the keyboard: shown as one line, exit code 2. */
export class UserError extends ColearnError {
  override readonly name = "UserError";
}
