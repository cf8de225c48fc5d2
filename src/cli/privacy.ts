import type { Command } from "commander";

import { UserError } from "../errors.ts";
import type { PrivacyLimit } from "../weights/manifest.ts";
import { between } from "./options.ts";

export interface PrivacyOptions {
  readonly epsilon?: number;
  readonly delta?: number;
}

export const EPSILON = between(0, 1e6);
export const DELTA = between(0, 1);

/** Adds the options that limit what each learner may spend of its data's privacy. */
export function withPrivacy(command: Command): Command {
  return command
    .option("--epsilon <n>", "differential privacy that each learner may spend (default: the task's)", EPSILON)
    .option("--delta <n>", "the δ at which --epsilon is meant (default: the task's)", DELTA);
}

/**
 * The limit that the options make, with the task's for what is not given; undefined where neither says anything.
 * @throws UserError `privacy` where one half of it is nowhere
 */
export function privacyLimit({ epsilon, delta }: PrivacyOptions, before?: PrivacyLimit): PrivacyLimit | undefined {
  const limit = { epsilon: epsilon ?? before?.epsilon, delta: delta ?? before?.delta };
  if (limit.epsilon === undefined && limit.delta === undefined) return undefined;
  if (limit.epsilon !== undefined && limit.delta !== undefined) return { epsilon: limit.epsilon, delta: limit.delta };
  const [given, missing] = limit.delta === undefined ? ["--epsilon", "--delta"] : ["--delta", "--epsilon"];
  throw new UserError("privacy", `${given} says nothing without ${missing}, and the task has no default of it`, {
    remedy: `give ${missing} too; δ is well below one divided by the number of a learner's samples`,
  });
}
