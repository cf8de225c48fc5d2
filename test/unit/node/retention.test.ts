import { expect } from "chai";
import * as fc from "fast-check";
import { pino } from "pino";

import { lastSettled, type Snapshot } from "../../../src/ledger/types.ts";
import { Journal } from "../../../src/node/journal.ts";
import { collectionInterval, Retention, toLetGo, type Held } from "../../../src/node/retention.ts";
import type { Store } from "../../../src/storage/store.ts";
import { formatContentId, RAW, type ContentId } from "../../../src/weights/content-id.ts";

const id = (number: number): ContentId => ({ digest: `0x${number.toString(16).padStart(64, "0")}`, codec: RAW });

function snapshotAt(round: number, weights: ContentId, proposal?: ContentId): Snapshot {
  return {
    status: "running",
    phase: proposal ? "vote" : "propose",
    round,
    rounds: 1_000,
    deadline: 1_000,
    weights,
    weightsRound: 0,
    proposer: "0x01",
    proposal,
    voters: 0n,
    approvals: 0n,
    rejections: 0n,
    seals: 0n,
    active: 3n,
    learnerCount: 2,
    index: 0,
    invited: true,
    timestamp: 900,
    blockNumber: 70,
  };
}

const held: fc.Arbitrary<Held[]> = fc.array(
  fc.record({ round: fc.nat(30), weights: fc.nat(20).map(id), accepted: fc.boolean() }),
  { maxLength: 60 },
);
const snapshots = fc
  .tuple(fc.integer({ min: 1, max: 30 }), fc.nat(20), fc.option(fc.nat(20), { nil: undefined }))
  .map(([round, weights, proposal]) =>
    snapshotAt(round, id(weights), proposal === undefined ? undefined : id(proposal)),
  );
const keepings = fc.record({ rounds: fc.integer({ min: 1, max: 10 }), lineage: fc.boolean() });

describe("letting go of weights", () => {
  it("never takes what is current, proposed, of the last rounds or, where asked for, accepted", () => {
    fc.assert(
      fc.property(held, snapshots, keepings, (all, snapshot, keeping) => {
        const gone = new Set(toLetGo(all, snapshot, keeping).map(formatContentId));
        expect(gone.has(formatContentId(snapshot.weights))).to.be.false;
        if (snapshot.proposal) expect(gone.has(formatContentId(snapshot.proposal))).to.be.false;
        for (const { round, weights, accepted } of all) {
          const isRecent = round > lastSettled(snapshot) - keeping.rounds;
          if (isRecent || (keeping.lineage && accepted)) expect(gone.has(formatContentId(weights))).to.be.false;
        }
      }),
    );
  });

  it("leaves no more than the last rounds', the open round's, the current ones, the first ones and the proposal", () => {
    const onePerRound = fc.array(fc.nat(1_000), { minLength: 40, maxLength: 40 });
    fc.assert(
      fc.property(onePerRound, snapshots, keepings, (ids, snapshot, { rounds }) => {
        const all = ids.slice(0, snapshot.round + 1).map((n, round) => ({ round, weights: id(n), accepted: true }));
        const gone = new Set(toLetGo(all, snapshot, { rounds, lineage: false }).map(formatContentId));
        const left = new Set(all.map(({ weights }) => formatContentId(weights)).filter((name) => !gone.has(name)));
        expect(left.size).to.be.at.most(rounds + 4);
      }),
    );
  });

  it("collects in proportion to what is kept, and every few rounds at least", () => {
    expect([1, 4, 5, 20, 1_000].map((rounds) => collectionInterval({ rounds, lineage: false }))).to.deep.equal([
      1, 1, 2, 5, 5,
    ]);
  });
});

describe("a node's retention", () => {
  const scope = { chain: "1:0x", contract: "0xC", experiment: 1n, learner: "0xL" };
  let journal: Journal;
  let pinned: Set<string>;
  let collections: string[][];
  let failing: boolean;

  beforeEach(() => {
    journal = new Journal(":memory:", scope);
    pinned = new Set();
    collections = [];
    failing = false;
  });

  afterEach(() => journal.close());

  function retention(rounds: number): Retention {
    const store = {
      has: async () => true,
      pin: async (weights: ContentId) => void pinned.add(formatContentId(weights)),
      unpin: async (weights: ContentId) => {
        if (failing) throw new Error("the disk is full");
        pinned.delete(formatContentId(weights));
      },
      collectGarbage: async (needed: readonly ContentId[] = []) => collections.push(needed.map(formatContentId)),
    } satisfies Partial<Store> as unknown as Store;
    return new Retention({
      store,
      journal,
      keeping: { rounds, lineage: false },
      emit: () => undefined,
      log: pino({ enabled: false }),
    });
  }

  const names = (...numbers: number[]) => numbers.map((number) => formatContentId(id(number)));

  it("finds what a node that ran before has kept, and lets go of it", async () => {
    const before = retention(2);
    for (let round = 1; round <= 4; round++) before.accepted(round, id(round));
    await before.tidy(snapshotAt(5, id(4)));
    expect([...pinned]).to.have.members(names(3, 4));
    await retention(1).tidy(snapshotAt(5, id(4)));
    expect([...pinned]).to.have.members(names(4));
    expect(journal.held()).to.deep.equal([{ round: 4, weights: id(4), accepted: true }]);
  });

  it("tries again what failed", async () => {
    const tidied = retention(1);
    for (let round = 1; round <= 3; round++) tidied.accepted(round, id(round));
    failing = true;
    await tidied.tidy(snapshotAt(4, id(3)));
    expect([...pinned]).to.have.members(names(1, 2, 3));
    failing = false;
    await tidied.tidy(snapshotAt(4, id(3)));
    expect([...pinned]).to.have.members(names(3));
  });

  it("collects around the current weights and the open proposal, once for the rounds of an interval", async () => {
    const tidied = retention(20);
    for (let round = 1; round <= 11; round++) await tidied.tidy(snapshotAt(round, id(1), id(2)));
    expect(collections).to.deep.equal([names(1, 2), names(1, 2), names(1, 2)]);
  });
});
