import { ColearnError } from "../errors.ts";

/** Every reason for which weights are refused, each with what it means: the reason beside a reject vote is one of these. */
export const weightsErrors = {
  "weights-too-large": "The file is, or says that it is, larger than the spec's cap.",
  "weights-header": "The file's header is too long or not what the format allows.",
  "weights-malformed": "Header, tensors and bytes contradict each other, or the file ends too early or too late.",
  "weights-missing-tensor": "A tensor of the spec is not there.",
  "weights-extra-tensor": "A tensor is there that the spec does not name, or one is there twice.",
  "weights-order": "The tensors in memory are not in the spec's order. (A file may hold them in any order.)",
  "weights-dtype": "A tensor has another element type than the spec's, or one that is not known here.",
  "weights-shape": "A tensor has another shape than the spec's.",
  "weights-not-finite": "A floating-point tensor holds NaN or an infinity.",
  "weights-not-boolean": "A BOOL tensor holds a byte that is neither 0 nor 1.",
  "privacy-undeclared": "The manifest limits privacy, and the training summary does not say what was spent.",
  "privacy-delta": "The training summary tells what was spent at another δ than the manifest's.",
  "privacy-exceeded": "By the training summary, its learner has spent more than the manifest allows.",
} as const;

export type WeightsErrorCode = keyof typeof weightsErrors;

/** Weights that are refused, and why. */
export class WeightsError extends ColearnError {
  override readonly name = "WeightsError";
  declare readonly code: WeightsErrorCode;

  constructor(code: WeightsErrorCode, message: string, options: { remedy?: string; cause?: unknown } = {}) {
    super(code, message, options);
  }
}

const QUOTE_LENGTH = 80;

/** Foreign text for an error's message: in quotes, control characters escaped, and short however long it is. */
export function quote(text: string): string {
  return JSON.stringify(text.length > QUOTE_LENGTH ? `${text.slice(0, QUOTE_LENGTH)}…` : text);
}
