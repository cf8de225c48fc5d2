import { InvalidArgumentError } from "commander";

import { ColearnError, UserError } from "../errors.ts";
import type { Checkpoint } from "../node/export.ts";
import { typed } from "./config/value-type.ts";

export const ROUND_HELP =
  "weights proposed in this round, those with the best score, or the current ones (default: last)";

/** `--round`: which weights of an experiment. */
export const checkpoint = typed(
  { type: ["integer", "string"], pattern: "^(\\d+|best|last)$" },
  (text: string): Checkpoint => {
    if (text === "best" || text === "last") return text;
    const round = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(round)) return round;
    throw new InvalidArgumentError("It must be a round's number, from 0, or best, or last.");
  },
);

/** Has nobody's having the files be the operator's concern: a node must run, or a folder be named. */
export function explainMissing(error: unknown): never {
  if (!(error instanceof ColearnError) || error.code !== "not-found") throw error;
  throw new UserError("not-found", `no learner's node gives the model: ${error.message}`, {
    remedy: "let one of the nodes run, or name a node's folder with --home",
    cause: error,
  });
}
