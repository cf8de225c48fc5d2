/**
 * The rules of the protocol, gone through again event by event: pure, so that nobody need be trusted, not even the
 * contract. An event is either what somebody did, and then it must have been allowed, or what follows from that, and then
 * it must be the one that the rules give. What is wrong is reported and taken as it is told, so that one lie is one
 * violation, as far as that goes, and not all that comes after it.
 */
import { checkConfig } from "./config.ts";
import { advanced, type Consequence, type Expected } from "./consequences.ts";
import { deviations } from "./deviations.ts";
import { follow } from "./follow.ts";
import type { EventName, LedgerEvent } from "./history.ts";
import { judge, judgeLate, judgeMixing } from "./judge.ts";
import type { Report, Rule } from "./rules.ts";
import { created, type State } from "./state.ts";

/** The rule that is broken where a consequence is missing, or differs in anything that `fieldRules` does not name. */
const consequenceRules: Partial<Record<EventName, Rule>> = {
  RoundSettled: "tally",
  Suspended: "suspension",
  Completed: "lineage",
  SeedMixed: "seed",
};
const fieldRules: Partial<Record<string, Rule>> = {
  round: "order",
  proposer: "proposer",
  voters: "voters",
  seals: "votes",
  deadline: "deadline",
};

/**
 * Replays an experiment.
 * @param events in the order of the chain
 * @returns what it came to; nothing where its creation is not among the events
 */
export function replay(events: readonly LedgerEvent[], report: Report): State | undefined {
  const [first, ...rest] = events;
  if (first?.name !== "ExperimentCreated") {
    report("order", 0, "the log does not begin with the experiment's creation");
    return undefined;
  }
  checkConfig(first, (detail) => report("config", 0, detail));
  const state = created(first.coordinator, first.config);
  const run = new Run(state, report);
  let last: LedgerEvent = first;
  for (const event of rest) {
    const later = event.block > last.block || (event.block === last.block && event.logIndex > last.logIndex);
    if (!later || event.time < last.time) report("order", state.rounds.length, `${event.name} is told out of order`);
    last = event;
    run.take(event);
  }
  run.end();
  return state;
}

class Run {
  readonly #state: State;
  readonly #report: Report;
  /** What must still follow from the last deed, in its transaction. */
  #due: Consequence[] = [];
  #deed: LedgerEvent | undefined;

  constructor(state: State, report: Report) {
    this.#state = state;
    this.#report = report;
  }

  take(event: LedgerEvent): void {
    if (event.transaction !== this.#deed?.transaction) this.end();
    const expected = this.#expect(event);
    if (expected === undefined) {
      if (event.name === "Suspended") {
        // What is due is due all the same.
        this.#complain("suspension", `${event.learner} was suspended and had not missed two duties in a row`);
        this.#follow(event);
        return;
      }
      this.#tellMissing(event);
      this.#due = [];
      this.#deed = event;
      this.#takeDeed(event);
      return;
    }
    this.#compare(expected, event);
    const complain = (rule: Rule, detail: string) => this.#complain(rule, detail);
    // Much of a proposal is up to its proposer, and a chain of hashes to who joins with it.
    if (event.name === "Proposed") judge(this.#state, event, complain);
    if (event.name === "SeedMixed") judgeMixing(this.#state, event, complain);
    this.#follow(event);
  }

  /** No more comes in this transaction: what has not followed is missing. */
  end(): void {
    for (const consequence of this.#due) {
      const { name } = consequence(this.#state, this.#deed?.time ?? 0);
      this.#complain(consequenceRules[name] ?? "order", `no ${name} followed the ${this.#deed?.name ?? ""}`);
    }
    this.#due = [];
  }

  /** The consequence that this event is; those before it are missing. */
  #expect(event: LedgerEvent): Expected | undefined {
    const time = this.#deed?.time ?? 0;
    const due = this.#due.map((consequence) => consequence(this.#state, time));
    const place = due.findIndex(({ name, told }) => name === event.name && isSame(told, event));
    const at = place >= 0 ? place : due.findIndex(({ name }) => name === event.name);
    if (at < 0) return undefined;
    for (const { name, told } of due.slice(0, at)) {
      const who = "learner" in told ? ` of ${String(told.learner)}` : "";
      this.#complain(consequenceRules[name] ?? "order", `there is no ${name}${who}`);
    }
    this.#due = this.#due.slice(at + 1);
    return due[at];
  }

  #tellMissing(event: LedgerEvent): void {
    const [missing] = this.#due;
    if (missing === undefined) return;
    const { name } = missing(this.#state, this.#deed?.time ?? 0);
    const found = `the ${this.#deed?.name ?? ""} is followed by ${event.name}, not by ${name}`;
    this.#complain(consequenceRules[name] ?? "order", found);
  }

  #takeDeed(event: LedgerEvent): void {
    const complain = (rule: Rule, detail: string) => this.#complain(rule, detail);
    const { config, rounds } = this.#state;
    if (judge(this.#state, event, complain)) {
      const skipsLink = event.name === "Proposed" && config.selection === "random";
      if (skipsLink) complain("seed", "the proposal mixed nothing into it");
      if ("round" in event && event.round !== rounds.length) {
        complain("order", `${event.name} is told of round ${event.round}`);
      } else {
        this.#follow(event);
      }
      return;
    }
    const expected = advanced(this.#state, event.time);
    if (expected?.name === event.name) {
      judgeLate(this.#state, event, complain);
      this.#compare(expected, event);
    } else if (event.name === "RoundSettled") {
      complain("tally", "it was settled when there was nothing to settle");
    } else {
      complain("order", `there was ${event.name} when nothing led to it`);
    }
    this.#follow(event);
  }

  #compare({ name, told }: Expected, event: LedgerEvent): void {
    // What opens a round is about that one.
    const round = this.#state.rounds.length + (name === "RoundOpened" ? 1 : 0);
    for (const [field, sentence] of deviations(told, event)) {
      this.#report(consequenceRules[name] ?? fieldRules[field] ?? "order", round, `${name} has ${sentence}`);
    }
  }

  #follow(event: LedgerEvent): void {
    this.#due = [...follow(this.#state, event), ...this.#due];
  }

  #complain(rule: Rule, detail: string): void {
    this.#report(rule, this.#state.rounds.length, detail);
  }
}

function isSame(told: object, event: LedgerEvent): boolean {
  return deviations(told, event).length === 0;
}
