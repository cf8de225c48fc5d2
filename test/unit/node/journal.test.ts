import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { expect } from "chai";

import { ColearnError, UserError } from "../../../src/errors.ts";
import { Journal, type JournalScope } from "../../../src/node/journal.ts";
import { DAG_PB, RAW, type ContentId } from "../../../src/weights/content-id.ts";

const id = (digit: string, codec = RAW): ContentId => ({ digest: `0x${digit.repeat(64)}`, codec });
const scope: JournalScope = { chain: "31337:0xgenesis", contract: "0xC0", experiment: 1n, learner: "0xL0" };
const vote = { proposal: id("a"), approve: true, score: 0.97 };

describe("Journal", () => {
  let folder: string;
  let path: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "colearn-journal-"));
    path = join(folder, "journal.sqlite");
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function opened<T>(use: (journal: Journal) => T, other: Partial<JournalScope> = {}): T {
    const journal = new Journal(path, { ...scope, ...other });
    try {
      return use(journal);
    } finally {
      journal.close();
    }
  }

  it("knows nothing of a round before something is written", () => {
    expect(opened((journal) => journal.round(1))).to.deep.equal({ proposal: undefined, vote: undefined });
  });

  it("remembers proposal and vote after it is opened again", () => {
    opened((journal) => {
      journal.recordProposal(1, id("a", DAG_PB));
      journal.recordVote(2, vote);
    });
    expect(opened((journal) => journal.round(1).proposal)).to.deep.equal(id("a", DAG_PB));
    expect(opened((journal) => journal.round(2).vote)).to.deep.equal(vote);
  });

  it("keeps a score that is not a number", () => {
    const refused = { proposal: id("b"), approve: false, score: Number.NaN };
    opened((journal) => journal.recordVote(1, refused));
    expect(opened((journal) => journal.round(1).vote)).to.deep.equal(refused);
    opened((journal) => journal.recordVote(1, refused));
  });

  it("takes the same payload again and refuses another one", () => {
    opened((journal) => {
      journal.recordVote(1, vote);
      journal.recordVote(1, vote);
      for (const other of [
        { ...vote, approve: false },
        { ...vote, score: 0.5 },
        { ...vote, proposal: id("b") },
      ]) {
        expect(() => journal.recordVote(1, other)).to.throw(ColearnError, /already signed another vote in round 1/);
      }
      journal.recordProposal(1, id("a"));
      journal.recordProposal(1, id("a"));
      expect(() => journal.recordProposal(1, id("b"))).to.throw(ColearnError, /another proposal in round 1/);
      expect(() => journal.recordProposal(1, id("a", DAG_PB))).to.throw(ColearnError);
      expect(journal.round(1)).to.deep.equal({ proposal: id("a"), vote });
    });
  });

  it("keeps chains, contracts, experiments and learners apart", () => {
    opened((journal) => journal.recordVote(1, vote));
    const others: Partial<JournalScope>[] = [
      { chain: "31337:0xother" },
      { contract: "0xC1" },
      { experiment: 2n },
      { learner: "0xL1" },
    ];
    for (const other of others) expect(opened((journal) => journal.round(1).vote, other)).to.equal(undefined);
    // The same contract however it is written.
    expect(opened((journal) => journal.round(1).vote, { contract: "0xc0" })).to.deep.equal(vote);
  });

  it("lets one node at a time have it open", () => {
    opened(() => {
      expect(() => new Journal(path, scope)).to.throw(UserError, /another node has the journal .* open/);
    });
  });

  it("says what is wrong with a path that cannot be opened", () => {
    expect(() => new Journal(join(folder, "missing", "journal.sqlite"), scope)).to.throw(UserError, /cannot be opened/);
  });

  it("remembers what is held for which rounds, and that it was accepted in the end", () => {
    opened((journal) => {
      journal.recordHeld({ round: 1, weights: id("a"), accepted: false });
      journal.recordHeld({ round: 1, weights: id("a"), accepted: true });
      journal.recordHeld({ round: 1, weights: id("a"), accepted: false });
      journal.recordHeld({ round: 2, weights: id("b", DAG_PB), accepted: false });
    });
    expect(opened((journal) => journal.held())).to.deep.equal([
      { round: 1, weights: id("a"), accepted: true },
      { round: 2, weights: id("b", DAG_PB), accepted: false },
    ]);
    opened((journal) => journal.forgetHeld(id("a")));
    expect(opened((journal) => journal.held().map(({ round }) => round))).to.deep.equal([2]);
  });

  it("knows whether another experiment holds the same weights", () => {
    opened((journal) => journal.recordHeld({ round: 9, weights: id("a"), accepted: true }), { experiment: 2n });
    opened((journal) => {
      journal.recordHeld({ round: 0, weights: id("a"), accepted: true });
      journal.recordHeld({ round: 0, weights: id("b"), accepted: true });
      expect([journal.isHeldElsewhere(id("a")), journal.isHeldElsewhere(id("b"))]).to.deep.equal([true, false]);
      journal.forgetHeld(id("a"));
    });
    expect(opened((journal) => journal.held(), { experiment: 2n })).to.have.length(1);
  });

  it("keeps the last 256 rounds", () => {
    opened((journal) => {
      for (const round of [1, 2, 257, 258]) journal.recordVote(round, vote);
      const kept = [1, 2, 3, 257, 258].filter((round) => journal.round(round).vote !== undefined);
      expect(kept).to.deep.equal([257, 258]);
    });
  });

  it("reads what the version before wrote, which knew no transactions", () => {
    opened((journal) => journal.recordVote(1, vote));
    const db = new DatabaseSync(path);
    db.exec("DROP TABLE transactions; PRAGMA user_version = 0");
    db.close();
    opened((journal) => {
      expect(journal.round(1).vote).to.deep.equal(vote);
      expect(journal.transactions.open()).to.deep.equal([]);
    });
  });

  it("refuses what a later version wrote", () => {
    opened(() => undefined);
    const db = new DatabaseSync(path);
    db.exec("PRAGMA user_version = 3");
    db.close();
    expect(() => opened(() => undefined)).to.throw(UserError, "is of version 3, and this program knows 2");
  });

  it("takes over what version 1 wrote, which knew no spendings, and is then refused by its programs", () => {
    opened((journal) => journal.recordVote(1, vote));
    let db = new DatabaseSync(path);
    db.exec("DROP TABLE spendings; PRAGMA user_version = 1");
    db.close();
    opened((journal) => {
      expect(journal.round(1).vote).to.deep.equal(vote);
      expect(journal.spendings.list()).to.deep.equal([]);
    });
    db = new DatabaseSync(path);
    expect(db.prepare("PRAGMA user_version").get()).to.include({ user_version: 2 });
    db.close();
  });

  it("remembers every training that was begun, by experiment, those of one round too, and forgets none", () => {
    const cost = { sampleRate: 0.1, noiseMultiplier: 1.25, steps: 7 };
    const other = { ...cost, steps: 8 };
    opened((journal) => {
      journal.spendings.record(1, cost);
      journal.spendings.record(1, cost);
      journal.spendings.record(9, other);
      for (const round of [9, 999]) journal.recordVote(round, vote);
    });
    opened(({ spendings }) => {
      expect(spendings.list()).to.deep.equal([cost, cost, other]);
      expect([...spendings.rounds()]).to.deep.equal([1, 9]);
    });
    expect(opened(({ spendings }) => spendings.list(), { experiment: 2n })).to.deep.equal([]);
  });

  describe("of transactions", () => {
    const transaction = (nonce: number, digit: string) => ({
      hash: `0x${digit.repeat(64)}`,
      nonce,
      action: "vote",
      to: `0x${"c".repeat(40)}`,
      data: "0x1234",
      gasLimit: 400_000n,
      fees: { most: 2n ** 70n, tip: undefined },
      since: 17,
      began: 1_700_000_000_000,
    });

    it("remembers those whose nonce is not known to be used, in the order of signing", () => {
      const all = [transaction(3, "b"), transaction(3, "a"), transaction(4, "c")];
      opened(({ transactions }) => {
        for (const one of all) transactions.record(one);
      });
      opened(({ transactions }) => {
        expect(transactions.open()).to.deep.equal(all);
        transactions.close(3, all[1]?.hash);
        expect(transactions.open()).to.deep.equal([all[2]]);
        transactions.close(4, undefined);
      });
      opened(({ transactions }) => expect(transactions.open()).to.deep.equal([]));
    });

    it("are one key's, whichever the experiment", () => {
      opened(({ transactions }) => {
        transactions.record(transaction(3, "a"));
      });
      opened(({ transactions }) => expect(transactions.open().length).to.equal(1), { experiment: 2n });
      opened(({ transactions }) => expect(transactions.open()).to.deep.equal([]), { learner: "0xother" });
      opened(({ transactions }) => expect(transactions.open()).to.deep.equal([]), { chain: "31337:0xother" });
    });

    it("are let go of after 256 nonces", () => {
      opened(({ transactions }) => {
        for (let nonce = 0; nonce < 270; nonce++) {
          const one = { ...transaction(nonce, "a"), hash: `0x${nonce}` };
          transactions.record(one);
          transactions.close(nonce, one.hash);
        }
      });
      const db = new DatabaseSync(path);
      expect(db.prepare("SELECT count(*) AS kept FROM transactions").get()).to.deep.include({ kept: 256 });
      db.close();
    });
  });
});
