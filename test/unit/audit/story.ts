/** An experiment of three learners as a contract would log it: round 1 is accepted, 2 skipped, 3 rejected. */
import type { EventName, LedgerEvent, Told } from "../../../src/audit/history.ts";
import { replay } from "../../../src/audit/replay.ts";
import type { Violation } from "../../../src/audit/rules.ts";
import type { ExperimentConfig } from "../../../src/ledger/types.ts";
import { RAW, type ContentId } from "../../../src/weights/content-id.ts";
import { configWith } from "../../e2e/support/config.ts";

export const weights = (digit: string): ContentId => ({ digest: `0x${digit.repeat(64)}`, codec: RAW });

export const config = configWith({
  manifest: weights("9"),
  weights: weights("f"),
  pauseLimit: 600,
  enrolmentDeadline: 5_000,
});

/** Events as they are told, in transactions of their own unless they follow from another. */
export class Story {
  readonly events: LedgerEvent[] = [];
  time = 1_000;

  /** Somebody does something, a second later, and this is logged. */
  tell<Name extends EventName>(name: Name, told: Told[Name]): this {
    this.time += 1;
    const block = this.events.length + 1;
    return this.#log({ name, ...told, block, time: this.time, logIndex: 0, transaction: `0x${block}` });
  }

  /** Something that follows from it, in the same transaction. */
  then<Name extends EventName>(name: Name, told: Told[Name]): this {
    const last = this.events.at(-1)!;
    const { block, time, transaction } = last;
    return this.#log({ name, ...told, block, time, transaction, logIndex: last.logIndex + 1 });
  }

  #log(event: object): this {
    this.events.push(event as LedgerEvent);
    return this;
  }
}

export function sound(changes: Partial<ExperimentConfig> = {}): LedgerEvent[] {
  const story = new Story().tell("ExperimentCreated", { coordinator: "C", config: { ...config, ...changes } });
  for (const [index, learner] of ["A", "B", "C"].entries()) story.tell("Joined", { learner, index });
  const opened = (round: number, proposer: string, voters: bigint) =>
    story.then("RoundOpened", { round, proposer, voters, deadline: story.time + 60 });
  story.tell("Started", { learners: 3 });
  opened(1, "A", 0b110n);
  story.tell("Proposed", { round: 1, proposer: "A", proposal: weights("1"), deadline: story.time + 61 });
  story.tell("Voted", { round: 1, voter: "B", approve: true, score: 5n });
  story.tell("Voted", { round: 1, voter: "C", approve: true, score: 6n });
  story.then("RoundSettled", { round: 1, outcome: "accepted", approvals: 2, rejections: 0, voters: 2 });
  opened(2, "B", 0b101n);
  story.time += 60;
  story.tell("RoundSettled", { round: 2, outcome: "skipped", approvals: 0, rejections: 0, voters: 2 });
  opened(3, "C", 0b011n);
  story.tell("Proposed", { round: 3, proposer: "C", proposal: weights("3"), deadline: story.time + 61 });
  story.tell("VotesCast", { round: 3, approvals: 0b01n, voters: ["A", "B"], scores: [1n, 2n] });
  story.then("RoundSettled", { round: 3, outcome: "rejected", approvals: 1, rejections: 1, voters: 2 });
  story.then("Completed", { weights: weights("1"), weightsRound: 1 });
  return story.events;
}

/** What a replay finds, as `rule round`. */
export function found(events: readonly LedgerEvent[]): string[] {
  const violations: Violation[] = [];
  replay(events, (rule, round, detail) => violations.push({ rule, round, detail }));
  return violations.map(({ rule, round }) => `${rule} ${round}`);
}
