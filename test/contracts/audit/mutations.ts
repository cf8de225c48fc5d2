/** One thing in a record made otherwise than it was. */
import { id, keccak256 } from "ethers";

import type { LedgerEvent } from "../../../src/audit/history.ts";
import type { ExperimentRecord } from "../../../src/audit/record.ts";
import { outcomes, phases, statuses } from "../../../src/ledger/types.ts";

/** A number below a bound, out of those that the test drew. */
export type Pick = (bound: number) => number;

type Fields = Readonly<Record<string, unknown>>;

/** Where in the chain an event is: other times and places may be as right as these. And what is not from the log. */
const PLACE = ["name", "block", "time", "logIndex", "transaction", "link"];
/** What was read of a snapshot and depends on who asks, and when. */
const ASKED = ["index", "invited", "timestamp", "blockNumber"];
/** Steps that nothing else depends on. */
const IDLE = ["ContactUpdated", "Invited"];

const STRANGER = "0x00000000000000000000000000000000000000Ff";

/** A record with one change, and words for it. */
export function mutate(record: ExperimentRecord, pick: Pick): { record: ExperimentRecord; change: string } {
  const kinds = [changeEvent, changeEvent, changeEvent, dropEvent, repeatEvent, changeStorage, changeStorage];
  return kinds[pick(kinds.length)]!(record, pick);
}

type Mutation = (record: ExperimentRecord, pick: Pick) => { record: ExperimentRecord; change: string };

const changeEvent: Mutation = (record, pick) => {
  const { events } = record.history;
  const candidates = [...events.keys()].filter((at) => fieldsOf(events[at]!, PLACE).length > 0);
  const at = candidates[pick(candidates.length)]!;
  const event = events[at]!;
  const [changed, change] = changeField(event, fieldsOf(event, PLACE), pick);
  return {
    record: withEvents(record, events.with(at, changed as unknown as LedgerEvent)),
    change: `${event.name} ${change}`,
  };
};

const dropEvent: Mutation = (record, pick) => {
  const { events } = record.history;
  const candidates = [...events.keys()].filter((at) => !IDLE.includes(events[at]!.name));
  const at = candidates[pick(candidates.length)]!;
  return { record: withEvents(record, events.toSpliced(at, 1)), change: `${events[at]!.name} is left out` };
};

const repeatEvent: Mutation = (record, pick) => {
  const { events } = record.history;
  const at = pick(events.length);
  return {
    record: withEvents(record, events.toSpliced(at, 0, events[at]!)),
    change: `${events[at]!.name} is told twice`,
  };
};

const changeStorage: Mutation = (record, pick) => {
  const { stored } = record;
  const parts: [name: string, part: Fields, change: (part: Fields) => Partial<typeof stored>][] = [
    ["experiment", { coordinator: stored.coordinator, createdBlock: stored.createdBlock }, (part) => part],
    ["config", stored.config as unknown as Fields, (config) => ({ config: config as never })],
    ["snapshot", without(stored.snapshot, ASKED), (part) => ({ snapshot: { ...stored.snapshot, ...part } })],
    ...stored.rounds.map((round, at): (typeof parts)[number] => [
      `round ${at + 1}`,
      round as unknown as Fields,
      (changed) => ({ rounds: stored.rounds.with(at, changed as never) }),
    ]),
    ...stored.standings.map((standing, at): (typeof parts)[number] => [
      `learner ${at}`,
      standing as unknown as Fields,
      (changed) => ({ standings: stored.standings.with(at, changed as never) }),
    ]),
  ];
  const [name, part, change] = parts[pick(parts.length)]!;
  const [changed, what] = changeField(part, fieldsOf(part, []), pick);
  return { record: { ...record, stored: { ...stored, ...change(changed) } }, change: `${name} in storage: ${what}` };
};

function withEvents(record: ExperimentRecord, events: readonly LedgerEvent[]): ExperimentRecord {
  return { ...record, history: { ...record.history, events } };
}

function without(object: object, fields: readonly string[]): Fields {
  return Object.fromEntries(Object.entries(object).filter(([field]) => !fields.includes(field)));
}

/** An undefined field can stand for what was not read: it is left alone. */
function fieldsOf(object: object, but: readonly string[]): string[] {
  return Object.entries(object).flatMap(([field, value]) =>
    but.includes(field) || value === undefined || (Array.isArray(value) && value.length === 0) ? [] : [field],
  );
}

function changeField(object: object, fields: readonly string[], pick: Pick): [changed: Fields, change: string] {
  const field = fields[pick(fields.length)]!;
  const before = (object as Fields)[field];
  const after = otherThan(before, pick);
  const words = (value: unknown) =>
    JSON.stringify(value, (_, part: unknown) => (typeof part === "bigint" ? String(part) : part));
  return [{ ...object, [field]: after }, `${field} ${words(after)} instead of ${words(before)}`];
}

function otherThan(value: unknown, pick: Pick): unknown {
  if (typeof value === "boolean") return !value;
  if (typeof value === "number") return value > 0 && pick(2) === 0 ? value - 1 : value + 1 + pick(3);
  if (typeof value === "bigint") return value ^ (1n << BigInt(pick(6)));
  if (typeof value === "string") return otherText(value);
  return otherObject(value as object, pick);
}

function otherText(text: string): string {
  for (const names of [outcomes, statuses, phases] as readonly (readonly string[])[]) {
    if (names.includes(text)) return names[(names.indexOf(text) + 1) % names.length]!;
  }
  if (text.length === 42) return STRANGER;
  if (text.length === 66) return keccak256(text);
  return { open: "invited", invited: "open", sealed: "open", random: "round-robin" }[text] ?? id(text);
}

function otherObject(value: object, pick: Pick): unknown {
  if (!Array.isArray(value)) return changeField(value, fieldsOf(value, []), pick)[0];
  const at = pick(value.length);
  return pick(2) === 0 ? value.toSpliced(at, 1) : value.with(at, otherThan(value[at], pick));
}
