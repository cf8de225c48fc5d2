/** Whether a config is one that the protocol takes: the mirror of the contract's `_check`. */
import { DAG_PB, RAW, type ContentId } from "../weights/content-id.ts";
import type { EventOf } from "./history.ts";

const DAY = 86_400;
const WINDOW_LIMIT = 30 * DAY;
const WAIT_LIMIT = 365 * DAY;
const LEARNER_LIMIT = 256;

/** Tells of each field that is out of its range. */
export function checkConfig({ config, time }: EventOf<"ExperimentCreated">, complain: (detail: string) => void): void {
  const isSealed = config.ballot === "sealed" ? 1 : 0;
  const ranges: [field: string, value: number, least: number, most: number][] = [
    ["rounds", config.rounds, 1, 2 ** 32 - 1],
    ["maxLearners", config.maxLearners, 2, LEARNER_LIMIT],
    ["minLearners", config.minLearners, 2, config.maxLearners],
    ["approvalBps", config.approvalBps, 0, 9_999],
    ["proposeWindow", config.proposeWindow, 1, WINDOW_LIMIT],
    ["voteWindow", config.voteWindow, 1, WINDOW_LIMIT],
    ["revealWindow", config.revealWindow, isSealed, WINDOW_LIMIT * isSealed],
    ["pauseLimit", config.pauseLimit, 1, WAIT_LIMIT],
    ["enrolmentDeadline", config.enrolmentDeadline, time + 1, time + WAIT_LIMIT],
  ];
  for (const [field, value, least, most] of ranges) {
    if (value < least || value > most) complain(`${field} is ${value}, and not from ${least} to ${most}`);
  }
  for (const field of ["manifest", "weights"] as const) {
    if (!isWhole(config[field])) complain(`${field} is no content id`);
  }
}

function isWhole({ digest, codec }: ContentId): boolean {
  return BigInt(digest) !== 0n && (codec === RAW || codec === DAG_PB);
}
