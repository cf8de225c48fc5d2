import { expect } from "chai";
import fc from "fast-check";

import type { Snapshot, Status } from "../../../src/ledger/types.ts";
import { decide, TURN_SECONDS, type Action, type RoundJournal, type Self } from "../../../src/node/decide.ts";
import { RAW, type ContentId } from "../../../src/weights/content-id.ts";

const id = (digit: string): ContentId => ({ digest: `0x${digit.repeat(64)}`, codec: RAW });
const current = id("a");
const proposal = id("b");
const other = id("c");

const learners = ["0xL0", "0xL1", "0xL2", "0xL3"] as const;
const DEADLINE = 1_000;
const config = { minLearners: 2, maxLearners: 4 };

/** Learner 0 proposes, 1 and 2 vote, 3 joined late: active, without a part in this round. */
const base: Snapshot = {
  status: "running",
  phase: "vote",
  round: 5,
  rounds: 9,
  deadline: DEADLINE,
  weights: current,
  weightsRound: 3,
  proposer: learners[0],
  proposal,
  voters: 0b0110n,
  approvals: 0n,
  rejections: 0n,
  seals: 0n,
  active: 0b1111n,
  learnerCount: 4,
  index: 0,
  invited: true,
  timestamp: 900,
  blockNumber: 70,
};

type Role = "proposer" | "voter" | "bystander" | "suspended" | "outsider";

const indexes: Readonly<Record<Role, number | undefined>> = {
  proposer: 0,
  voter: 1,
  bystander: 3,
  suspended: 2,
  outsider: undefined,
};

interface Row {
  readonly phase: "propose" | "vote" | "reveal";
  readonly role: Role;
  /** Whether the ledger or the journal has this learner's proposal or vote. */
  readonly done?: "on the ledger" | "sealed on the ledger" | "in the journal" | "otherwise in the journal";
  readonly weights?: ContentId | undefined;
  /** The learner's turn in leading on, in turns after the deadline; before the deadline where left out. */
  readonly clock: "before" | "at" | "after" | "turn over";
  readonly expected: Partial<Action>;
}

/** Each learner's rank among the active ones, which gives its turn. */
const ranks: Readonly<Record<Role, number>> = { proposer: 0, voter: 1, bystander: 2, suspended: 0, outsider: 0 };

function timeOf(row: Row): number {
  const turn = ranks[row.role] * TURN_SECONDS;
  return { before: DEADLINE - 50, at: DEADLINE, after: DEADLINE + 1, "turn over": DEADLINE + turn + 1 }[row.clock];
}

function snapshotOf({ phase, role, done }: Row): Snapshot {
  const index = indexes[role];
  const bit = index === undefined ? 0n : 1n << BigInt(index);
  const cast = done === "on the ledger" ? bit : 0n;
  // Every voter sealed its vote; what is done is revealed.
  const seals = phase === "reveal" ? base.voters & ~cast : done === "sealed on the ledger" ? bit : 0n;
  return {
    ...base,
    phase,
    proposal: phase === "propose" ? undefined : proposal,
    active: role === "suspended" ? 0b1011n : role === "bystander" ? 0b1011n : 0b1111n,
    approvals: phase === "propose" ? 0n : cast,
    seals,
    index,
  };
}

function journalOf({ phase, role, done }: Row): RoundJournal {
  if (done === undefined || done === "on the ledger" || done === "sealed on the ledger") return {};
  const digest = done === "in the journal" ? proposal : other;
  if (phase === "propose" && role === "proposer") return { proposal: digest };
  return { vote: { proposal: digest, approve: true, score: 0.5 } };
}

function selfOf(row: Row): Self {
  const index = indexes[row.role];
  const address = index === undefined ? "0xElse" : (learners[index] ?? "");
  return { address, isCoordinator: false, weights: "weights" in row ? row.weights : current };
}

const recorded = { proposal, approve: true, score: 0.5 };

const rows: readonly Row[] = [
  // The proposer trains while there is time, and only then.
  { phase: "propose", role: "proposer", clock: "before", expected: { type: "propose", recorded: undefined } },
  { phase: "propose", role: "proposer", clock: "at", expected: { type: "propose", recorded: undefined } },
  { phase: "propose", role: "proposer", clock: "after", expected: { type: "advance" } },
  {
    phase: "propose",
    role: "proposer",
    done: "in the journal",
    clock: "before",
    expected: { type: "propose", recorded: proposal },
  },
  { phase: "propose", role: "proposer", weights: undefined, clock: "before", expected: { type: "synchronise" } },
  { phase: "propose", role: "proposer", weights: other, clock: "before", expected: { type: "synchronise" } },
  { phase: "propose", role: "proposer", weights: undefined, clock: "after", expected: { type: "advance" } },
  // Everybody else waits for the proposal.
  { phase: "propose", role: "voter", clock: "before", expected: { type: "wait", reason: "proposal" } },
  { phase: "propose", role: "voter", clock: "after", expected: { type: "wait", reason: "proposal" } },
  { phase: "propose", role: "voter", clock: "turn over", expected: { type: "advance" } },
  { phase: "propose", role: "voter", weights: undefined, clock: "before", expected: { type: "synchronise" } },
  { phase: "propose", role: "bystander", clock: "before", expected: { type: "wait", reason: "proposal" } },
  { phase: "propose", role: "bystander", clock: "turn over", expected: { type: "advance" } },
  // Voters vote once, on the weights that the ledger names.
  { phase: "vote", role: "voter", clock: "before", expected: { type: "vote", proposal, recorded: undefined } },
  { phase: "vote", role: "voter", clock: "at", expected: { type: "vote", proposal, recorded: undefined } },
  { phase: "vote", role: "voter", clock: "after", expected: { type: "wait", reason: "votes" } },
  { phase: "vote", role: "voter", clock: "turn over", expected: { type: "advance" } },
  { phase: "vote", role: "voter", weights: undefined, clock: "before", expected: { type: "synchronise" } },
  { phase: "vote", role: "voter", done: "on the ledger", clock: "before", expected: { type: "wait", reason: "votes" } },
  { phase: "vote", role: "voter", done: "on the ledger", clock: "turn over", expected: { type: "advance" } },
  { phase: "vote", role: "voter", done: "in the journal", clock: "before", expected: { type: "vote", recorded } },
  { phase: "vote", role: "voter", done: "in the journal", clock: "after", expected: { type: "wait", reason: "votes" } },
  {
    phase: "vote",
    role: "voter",
    done: "otherwise in the journal",
    clock: "before",
    expected: { type: "wait", reason: "voted-otherwise" },
  },
  {
    phase: "vote",
    role: "voter",
    done: "sealed on the ledger",
    clock: "before",
    expected: { type: "wait", reason: "votes" },
  },
  // What was sealed is revealed, from the journal alone, once no more can be sealed.
  { phase: "reveal", role: "voter", done: "in the journal", clock: "before", expected: { type: "reveal", recorded } },
  { phase: "reveal", role: "voter", done: "in the journal", clock: "at", expected: { type: "reveal", recorded } },
  {
    phase: "reveal",
    role: "voter",
    done: "in the journal",
    clock: "after",
    expected: { type: "wait", reason: "reveals" },
  },
  { phase: "reveal", role: "voter", done: "in the journal", clock: "turn over", expected: { type: "advance" } },
  { phase: "reveal", role: "voter", clock: "before", expected: { type: "wait", reason: "seal-forgotten" } },
  {
    phase: "reveal",
    role: "voter",
    done: "otherwise in the journal",
    clock: "before",
    expected: { type: "wait", reason: "seal-forgotten" },
  },
  {
    phase: "reveal",
    role: "voter",
    done: "on the ledger",
    clock: "before",
    expected: { type: "wait", reason: "reveals" },
  },
  { phase: "reveal", role: "proposer", clock: "before", expected: { type: "wait", reason: "reveals" } },
  { phase: "reveal", role: "proposer", clock: "after", expected: { type: "advance" } },
  // The proposer has no vote, nor has who joined after the round opened.
  { phase: "vote", role: "proposer", clock: "before", expected: { type: "wait", reason: "votes" } },
  { phase: "vote", role: "proposer", clock: "after", expected: { type: "advance" } },
  { phase: "vote", role: "bystander", clock: "before", expected: { type: "wait", reason: "votes" } },
  { phase: "vote", role: "bystander", clock: "turn over", expected: { type: "advance" } },
  { phase: "vote", role: "bystander", weights: undefined, clock: "before", expected: { type: "synchronise" } },
  // Who is not active comes back; who never joined joins.
  { phase: "propose", role: "suspended", clock: "before", expected: { type: "resume" } },
  { phase: "vote", role: "suspended", clock: "before", expected: { type: "resume" } },
  { phase: "vote", role: "suspended", clock: "turn over", expected: { type: "resume" } },
  { phase: "propose", role: "outsider", clock: "before", expected: { type: "wait", reason: "full" } },
  { phase: "vote", role: "outsider", clock: "turn over", expected: { type: "wait", reason: "full" } },
];

describe("decide, while a round is open", () => {
  for (const row of rows) {
    const who = `the ${row.role}${row.done ? ` with its part ${row.done}` : ""}`;
    const holding = "weights" in row ? (row.weights ? " holding other weights" : " holding no weights") : "";
    it(`lets ${who}${holding} ${String(row.expected.type)} in phase ${row.phase}, ${row.clock} the deadline`, () => {
      const action = decide(snapshotOf(row), config, selfOf(row), journalOf(row), timeOf(row));
      expect(action).to.include(row.expected.type === undefined ? {} : { type: row.expected.type });
      for (const [field, value] of Object.entries(row.expected)) {
        expect(action[field as keyof Action], field).to.deep.equal(value);
      }
    });
  }

  it("signs no vote with a journal that is behind the ledger, and repeats one that is in it", () => {
    const snapshot: Snapshot = { ...base, index: 1 };
    const self = { address: "0xL1", isCoordinator: false, weights: current };
    const wait = { type: "wait", reason: "journal-behind", until: DEADLINE + TURN_SECONDS + 1 };
    expect(decide(snapshot, config, self, { isBehind: true }, 950)).to.deep.equal(wait);
    const again = decide(snapshot, config, self, { isBehind: true, vote: recorded }, 950);
    expect(again).to.deep.include({ type: "vote", recorded });
  });

  it("waits for the deadline in a round in which it passes its turn, and leads on after it as always", () => {
    const row: Row = { phase: "propose", role: "proposer", clock: "before", expected: {} };
    const at = (now: number, journal: RoundJournal = { hasPassed: true }) =>
      decide(snapshotOf(row), config, selfOf(row), journal, now);
    expect(at(DEADLINE - 1)).to.deep.equal({ type: "wait", reason: "proposal", until: DEADLINE + 1 });
    expect(at(DEADLINE + 1)).to.deep.equal({ type: "advance", round: 5 });
    // What was signed before is sent again all the same.
    expect(at(DEADLINE - 1, { hasPassed: true, proposal: other })).to.include({ type: "propose", recorded: other });
  });

  it("synchronises with the weights that the ledger names, and their round", () => {
    const action = decide(base, config, { address: "0xL1", isCoordinator: false, weights: undefined }, {}, 950);
    expect(action).to.deep.equal({ type: "synchronise", weights: current, round: 3 });
  });

  it("waits no longer than until the learner's own turn", () => {
    const snapshot: Snapshot = { ...base, index: 3 };
    const action = decide(snapshot, config, { address: "0xL3", isCoordinator: false, weights: current }, {}, 950);
    expect(action).to.deep.equal({ type: "wait", reason: "votes", until: DEADLINE + 3 * TURN_SECONDS + 1 });
  });
});

describe("decide, outside the rounds", () => {
  const member: Self = { address: "0xL1", isCoordinator: false, weights: current };
  const enrolling: Snapshot = {
    ...base,
    status: "enrolling",
    phase: "none",
    round: 0,
    proposer: undefined,
    proposal: undefined,
    voters: 0n,
    active: 0b0011n,
    learnerCount: 2,
    index: 1,
  };

  it("joins an experiment that has a place", () => {
    expect(decide({ ...enrolling, index: undefined }, config, member, {}, 950)).to.deep.equal({ type: "join" });
  });

  it("joins a running experiment that has a place", () => {
    const snapshot = { ...base, index: undefined, learnerCount: 3 };
    expect(decide(snapshot, config, member, {}, 950)).to.deep.equal({ type: "join" });
  });

  it("waits for an invitation", () => {
    const snapshot = { ...enrolling, index: undefined, invited: false };
    expect(decide(snapshot, config, member, {}, 950)).to.deep.equal({ type: "wait", reason: "not-invited" });
  });

  it("waits for the end of the enrolment while places are free", () => {
    expect(decide(enrolling, config, member, {}, 950)).to.deep.include({ type: "wait", reason: "enrolment" });
    expect(decide(enrolling, config, { ...member, isCoordinator: true }, {}, 950)).to.deep.include({ type: "wait" });
  });

  it("takes up the initial weights before the start, to be ready for it", () => {
    const newcomer = { ...member, weights: undefined };
    expect(decide(enrolling, config, newcomer, {}, 950)).to.deep.equal({
      type: "synchronise",
      weights: current,
      round: 3,
    });
  });

  it("lets the coordinator start as soon as all places are taken", () => {
    const full: Snapshot = { ...enrolling, active: 0b1111n, learnerCount: 4 };
    expect(decide(full, config, { ...member, isCoordinator: true }, {}, 950)).to.deep.equal({ type: "start" });
    expect(decide(full, config, member, {}, 950)).to.deep.include({ type: "wait" });
  });

  it("starts after the enrolment deadline with learners enough, in turns", () => {
    expect(decide(enrolling, config, member, {}, DEADLINE + TURN_SECONDS)).to.deep.include({ type: "wait" });
    expect(decide(enrolling, config, member, {}, DEADLINE + TURN_SECONDS + 1)).to.deep.equal({ type: "start" });
  });

  it("does not start with too few learners, however late", () => {
    const alone: Snapshot = { ...enrolling, active: 0b0010n };
    expect(decide(alone, config, member, {}, DEADLINE + 10_000)).to.deep.include({ type: "wait", reason: "enrolment" });
  });

  it("resumes in a paused experiment when it is the one that is missing", () => {
    const paused: Snapshot = { ...base, status: "paused", phase: "none", active: 0b0001n, index: 1 };
    expect(decide(paused, config, member, {}, 950)).to.deep.equal({ type: "resume" });
  });

  it("waits in a paused experiment for the others, then leads on", () => {
    const paused: Snapshot = { ...base, status: "paused", phase: "none", active: 0b0010n, index: 1 };
    expect(decide(paused, config, member, {}, 950)).to.deep.include({ type: "wait", reason: "paused" });
    expect(decide(paused, config, member, {}, DEADLINE + 1)).to.deep.equal({ type: "advance", round: 5 });
  });

  it("takes the final weights home before it finishes", () => {
    const completed: Snapshot = { ...base, status: "completed", phase: "none" };
    expect(decide(completed, config, { ...member, weights: other }, {}, 950)).to.deep.include({ type: "synchronise" });
    expect(decide(completed, config, member, {}, 950)).to.deep.equal({ type: "finish", status: "completed" });
    expect(decide({ ...completed, index: undefined }, config, member, {}, 950)).to.deep.include({ type: "finish" });
  });

  it("finishes with a cancelled experiment", () => {
    const cancelled: Snapshot = { ...enrolling, status: "cancelled" };
    expect(decide(cancelled, config, member, {}, 950)).to.deep.equal({ type: "finish", status: "cancelled" });
  });
});

describe("decide, once the experiment has stopped early", () => {
  const member: Self = { address: "0xL1", isCoordinator: false, weights: current };
  const gone: Snapshot = { ...base, phase: "propose", proposal: undefined, active: 0n, index: 1 };
  const paused: Snapshot = { ...gone, status: "paused", phase: "none" };
  const decideStopped = (snapshot: Snapshot, self: Self, now: number, journal: RoundJournal = {}) =>
    decide(snapshot, config, self, journal, now, true);
  const TURN = DEADLINE + TURN_SECONDS;

  for (const [what, snapshot, self, now, expected] of [
    ["leaves, its own proposal or not", { ...base, phase: "propose", proposal: undefined }, member, 950, "leave"],
    ["leaves instead of voting", { ...base, index: 1 }, member, 950, "leave"],
    ["leaves instead of revealing", { ...base, phase: "reveal", seals: 0b0110n, index: 1 }, member, 950, "leave"],
    ["leaves before it leads on", { ...base, index: 1 }, member, DEADLINE + 100, "leave"],
    ["leaves before it fetches the last weights", { ...base, index: 1 }, { ...member, weights: other }, 950, "leave"],
    ["leaves while others are gone already", { ...paused, active: 0b0010n }, member, 950, "leave"],
    ["takes the last weights home", gone, { ...member, weights: other }, 950, "synchronise"],
    ["takes the last weights home in the pause", paused, { ...member, weights: undefined }, 950, "synchronise"],
    ["waits, and does not resume", gone, member, 950, "wait"],
    ["waits until its turn", gone, member, TURN, "wait"],
    ["leads on in its turn", gone, member, TURN + 1, "advance"],
    ["waits out the pause", paused, member, TURN, "wait"],
    ["completes it when the pause is over", paused, member, TURN + 1, "advance"],
    ["does not join", { ...gone, index: undefined, learnerCount: 3 }, member, 950, "wait"],
    [
      "takes the last weights once it is completed",
      { ...gone, status: "completed" },
      { ...member, weights: other },
      950,
      "synchronise",
    ],
    ["finishes once it is completed", { ...gone, status: "completed" }, member, 950, "finish"],
    ["finishes as who never joined", { ...gone, status: "completed", index: undefined }, member, 950, "finish"],
  ] as [string, Snapshot, Self, number, Action["type"]][]) {
    it(what, () => {
      const action = decideStopped(snapshot, self, now, { vote: recorded });
      expect(action.type).to.equal(expected);
      if (action.type === "wait") expect(action.reason).to.equal("stopped");
      if (action.type === "finish") expect(action.status).to.equal("completed");
    });
  }

  it("comes back when a reorganisation has taken the stop away", () => {
    expect(decide(gone, config, member, {}, 950)).to.deep.equal({ type: "resume" });
  });

  it("never takes part in a round, in whatever state the ledger is", () => {
    fc.assert(
      fc.property(
        fc.constantFrom<Status>("running", "paused", "completed"),
        fc.constantFrom("propose" as const, "vote" as const, "reveal" as const),
        fc.record({ active: fc.bigInt(0n, 15n), voters: fc.bigInt(0n, 15n), seals: fc.bigInt(0n, 15n) }),
        fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }),
        fc.constantFrom(current, other, undefined),
        fc.integer({ min: 900, max: 1_100 }),
        (status, phase, bitmaps, index, weights, now) => {
          const self = { ...member, address: learners[index ?? 0] ?? "", weights };
          const { type } = decideStopped({ ...base, ...bitmaps, status, phase, index }, self, now, { vote: recorded });
          expect(type).to.be.oneOf(["leave", "synchronise", "advance", "wait", "finish"]);
          expect(type === "finish", "finishes only when it is over").to.equal(
            status === "completed" && (index === undefined || weights === current),
          );
        },
      ),
    );
  });
});

describe("decide, whatever the snapshot", () => {
  const status = fc.constantFrom<Status>("enrolling", "running", "paused", "completed", "cancelled");
  const bitmap = fc.bigInt(0n, 0b1111n);
  const index = fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined });
  const held = fc.constantFrom(current, other, undefined);

  it("never votes, reveals nor proposes twice, without being asked to, or after the deadline", () => {
    fc.assert(
      fc.property(
        status,
        fc.constantFrom("propose" as const, "vote" as const, "reveal" as const),
        fc.record({ active: bitmap, voters: bitmap, approvals: bitmap, rejections: bitmap, seals: bitmap }),
        index,
        held,
        fc.constantFrom<RoundJournal>({}, { vote: recorded }, { vote: { ...recorded, proposal: other } }),
        fc.integer({ min: 900, max: 1_100 }),
        (status, phase, bitmaps, index, weights, journal, now) => {
          const approvals = bitmaps.approvals & bitmaps.voters;
          const rejections = bitmaps.rejections & bitmaps.voters & ~approvals;
          const seals = bitmaps.seals & bitmaps.voters & ~(approvals | rejections);
          const snapshot: Snapshot = { ...base, ...bitmaps, approvals, rejections, seals, status, phase, index };
          const address = index === undefined ? "0xElse" : (learners[index] ?? "");
          const action = decide(snapshot, config, { address, isCoordinator: false, weights }, journal, now);
          if (action.type !== "vote" && action.type !== "propose" && action.type !== "reveal") return;
          expect(status).to.equal("running");
          expect(phase).to.equal(action.type);
          expect(now).to.be.at.most(DEADLINE);
          expect(weights).to.equal(current);
          const bit = 1n << BigInt(index ?? 99);
          expect(snapshot.active & bit).to.equal(bit);
          if (action.type === "propose") expect(index).to.equal(0);
          else if (action.type === "reveal") {
            expect(seals & bit).to.equal(bit);
            expect(action.recorded).to.equal(recorded);
          } else {
            expect(snapshot.voters & bit).to.equal(bit);
            expect((approvals | rejections | seals) & bit).to.equal(0n);
            if (journal.vote) expect(action.recorded).to.equal(recorded);
          }
        },
      ),
    );
  });
});
