import { expect } from "chai";

import type { EventName, LedgerEvent } from "../../../src/audit/history.ts";
import { found, sound, Story, weights } from "./story.ts";

/** The place of an event by its name and, of several, its number. */
function placeOf(events: readonly LedgerEvent[], name: EventName, number = 1): number {
  const places = [...events.keys()].filter((at) => events[at]?.name === name);
  return places[number - 1]!;
}

describe("replay", () => {
  it("finds nothing in a history that keeps the rules", () => {
    expect(found(sound())).to.deep.equal([]);
  });

  it("finds nothing in any beginning of it that ends with a transaction", () => {
    const events = sound();
    for (const [at, event] of events.entries()) {
      if (event.transaction === events[at + 1]?.transaction) continue;
      expect(found(events.slice(0, at + 1))).to.deep.equal([]);
    }
  });

  /** An event is told otherwise: the first thing found names rule and round. */
  const lies: [what: string, violation: string, name: EventName, number: number, told: object][] = [
    ["a learner at another's place", "enrolment 0", "Joined", 2, { index: 0 }],
    ["a learner who joins twice", "enrolment 0", "Joined", 2, { learner: "A" }],
    ["a start with learners who are not there", "enrolment 0", "Started", 1, { learners: 2 }],
    ["a first proposer out of turn", "proposer 1", "RoundOpened", 1, { proposer: "B" }],
    ["a proposer out of turn", "proposer 2", "RoundOpened", 2, { proposer: "C" }],
    ["a proposer among the voters", "voters 2", "RoundOpened", 2, { voters: 0b111n }],
    ["a learner who is left out of the voters", "voters 3", "RoundOpened", 3, { voters: 0b001n }],
    ["a deadline that is put off", "deadline 2", "RoundOpened", 2, { deadline: 99_999 }],
    ["a round that is left out", "order 2", "RoundOpened", 2, { round: 3 }],
    ["a proposal of somebody else", "proposer 3", "Proposed", 2, { proposer: "B" }],
    ["the current weights as a proposal", "lineage 3", "Proposed", 2, { proposal: weights("1") }],
    ["a time to vote that is cut", "deadline 3", "Proposed", 2, { deadline: 1_100 }],
    ["a stranger's vote", "votes 1", "Voted", 1, { voter: "X" }],
    ["a vote of the proposer", "votes 1", "Voted", 1, { voter: "A" }],
    ["a second vote", "votes 1", "Voted", 2, { voter: "B" }],
    ["a vote in another round", "order 1", "Voted", 1, { round: 2 }],
    ["a tie that is accepted", "tally 3", "RoundSettled", 3, { outcome: "accepted" }],
    ["a majority that is rejected", "tally 1", "RoundSettled", 1, { outcome: "rejected" }],
    ["a vote that is counted twice", "tally 1", "RoundSettled", 1, { approvals: 3 }],
    ["a skipped round that is accepted", "tally 2", "RoundSettled", 2, { outcome: "accepted" }],
    ["an end with weights that were rejected", "lineage 3", "Completed", 1, { weights: weights("3"), weightsRound: 3 }],
  ];
  for (const [what, violation, name, number, told] of lies) {
    it(`finds ${what}`, () => {
      const events = sound();
      const at = placeOf(events, name, number);
      const event = events[at]!;
      const lie = { ...event, ...told };
      expect(found(events.with(at, lie))[0]).to.equal(violation);
    });
  }

  it("finds a step that was taken too late or too early", () => {
    const late = sound().map((event, at, { length }) =>
      at < length - 2 ? event : { ...event, time: event.time + 1_000 },
    );
    const vote = placeOf(late, "VotesCast");
    expect(found(late.with(vote, { ...late[vote]!, time: late.at(-1)!.time }))).to.include("deadline 3");
    const events = sound();
    const skip = placeOf(events, "RoundSettled", 2);
    const { time } = events[skip - 1]!;
    const early = events.map((event, at) => (at === skip || at === skip + 1 ? { ...event, time: time + 1 } : event));
    expect(found(early)[0]).to.equal("deadline 2");
  });

  it("finds a round that is settled before its votes are in, and one that is not settled when they are", () => {
    const events = sound();
    const second = placeOf(events, "Voted", 2);
    const { block, time, transaction } = events[second - 1]!;
    const settled = events
      .slice(second + 1)
      .map((event) => ({ ...event, block, time, transaction, logIndex: event.logIndex + 9 }));
    expect(found([...events.slice(0, second), settled[0]!])[0]).to.equal("tally 1");
    expect(found(events.slice(0, second + 1))).to.deep.equal(["tally 1"]);
  });

  it("finds a config out of range", () => {
    expect(found(sound({ maxLearners: 300 }))).to.deep.equal(["config 0"]);
  });

  it("does not take one lie for many: what comes after it is judged by what was told", () => {
    const events = sound();
    const at = placeOf(events, "RoundSettled", 1);
    const lie = { ...events[at]!, approvals: 1 } as LedgerEvent;
    expect(found(events.with(at, lie))).to.deep.equal(["tally 1"]);
  });

  it("finds a history without its beginning", () => {
    expect(found(sound().slice(1))).to.deep.equal(["order 0"]);
    expect(found([])).to.deep.equal(["order 0"]);
  });

  it("finds events out of order", () => {
    const events = sound();
    const at = placeOf(events, "Voted", 1);
    expect(found(events.toSpliced(at, 0, events[at]!))).to.include("order 1");
  });
});

describe("replay, of duties that were missed", () => {
  /** Learner 1 proposes in neither of its turns, which suspends it; the last round opens without it. */
  function withSuspension(): Story {
    const story = new Story();
    story.events.push(...sound({ rounds: 5 }).slice(0, 6));
    story.time = story.events.at(-1)!.time;
    const skip = (round: number, more: (story: Story) => unknown = () => undefined) => {
      story.time += 60;
      story.tell("RoundSettled", { round, outcome: "skipped", approvals: 0, rejections: 0, voters: 2 });
      more(story);
      const proposer = ["A", "B", "C"][round % 3]!;
      if (round < 4)
        story.then("RoundOpened", {
          round: round + 1,
          proposer,
          voters: 0b111n & ~(1n << BigInt(round % 3)),
          deadline: story.time + 60,
        });
    };
    for (const round of [1, 2, 3]) skip(round);
    skip(4, () => story.then("Suspended", { round: 4, learner: "A" }));
    return story.then("RoundOpened", { round: 5, proposer: "B", voters: 0b100n, deadline: story.time + 60 });
  }

  it("finds nothing where who missed two in a row is suspended", () => {
    expect(found(withSuspension().events)).to.deep.equal([]);
  });

  it("finds a suspension that did not happen, and one that should not have", () => {
    const { events } = withSuspension();
    const at = placeOf(events, "Suspended");
    expect(found(events.toSpliced(at, 1))[0]).to.equal("suspension 4");
    expect(found(events.with(at, { ...events[at]!, learner: "B" } as LedgerEvent))[0]).to.equal("suspension 4");
    const early = placeOf(events, "RoundSettled", 2);
    const unjust = { ...events[at]!, ...events[early]!, name: "Suspended", round: 2, learner: "B", logIndex: 0.5 };
    expect(found(events.toSpliced(early + 1, 0, unjust as unknown as LedgerEvent))[0]).to.equal("suspension 2");
  });

  it("finds a suspended learner who is selected", () => {
    const { events } = withSuspension();
    const last = events.at(-1)!;
    const lie = { ...last, proposer: "A", voters: 0b110n } as LedgerEvent;
    expect(found(events.with(-1, lie))).to.include.members(["proposer 5", "voters 5"]);
  });
});
