import type { Command } from "commander";

import { MAX_SCORE, type Stop } from "../weights/manifest.ts";
import { between, integer } from "./options.ts";

export interface StopOptions {
  readonly stopScore?: number;
  readonly stopAfter?: number;
}

/** Adds the options that end an experiment early. */
export function withStop(command: Command): Command {
  return command
    .option(
      "--stop-score <score>",
      "end when more than half of a round's voters give accepted weights this score, or a better one",
      between(-MAX_SCORE, MAX_SCORE),
    )
    .option(
      "--stop-after <n>",
      "end after this many rounds in a row without accepted weights",
      integer(1, 2 ** 32 - 1),
    );
}

/** When to stop, by the options; what is not given is as before. */
export function changedStop({ stopScore, stopAfter }: StopOptions, before: Stop = {}): Stop | undefined {
  const stop: Stop = {
    ...before,
    ...(stopScore !== undefined && { score: stopScore }),
    ...(stopAfter !== undefined && { patience: stopAfter }),
  };
  return Object.keys(stop).length === 0 ? undefined : stop;
}
