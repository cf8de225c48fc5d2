import { expect } from "chai";
import { pino } from "pino";

import type { Snapshot } from "../../../src/ledger/types.ts";
import { epsilonOf } from "../../../src/learning/privacy/accountant.ts";
import { Journal } from "../../../src/node/journal.ts";
import { lowerLimit, withBudget } from "../../../src/node/privacy.ts";
import { PlusOneLearner } from "../learning/plus-one-learner.ts";
import { PrivateLearner } from "../learning/privacy/private-learner.ts";
import { weights } from "../audit/story.ts";

const limit = { epsilon: 2, delta: 1e-5 };

describe("a node's limit of privacy", () => {
  it("is the manifest's, or less where its operator says so", () => {
    expect(lowerLimit(limit)).to.deep.equal(limit);
    expect(lowerLimit(limit, { epsilon: 1 })).to.deep.equal({ epsilon: 1, delta: 1e-5 });
    expect(lowerLimit(limit, { epsilon: 1, delta: 1e-5 })).to.deep.equal({ epsilon: 1, delta: 1e-5 });
    expect(lowerLimit(limit, { epsilon: 9 })).to.deep.equal(limit);
  });

  it("is the operator's where the manifest has none, and there is none where nobody sets it", () => {
    expect(lowerLimit(undefined, limit)).to.deep.equal(limit);
    expect(lowerLimit(undefined)).to.equal(undefined);
    expect(lowerLimit(undefined, { epsilon: undefined, delta: undefined })).to.equal(undefined);
  });

  it("is a mistake at another δ than the manifest's, and as half a limit", () => {
    expect(() => lowerLimit(limit, { delta: 1e-6 })).to.throw("is not the δ of the experiment's manifest, 0.00001");
    expect(() => lowerLimit(undefined, { epsilon: 1 })).to.throw("half a one");
    expect(() => lowerLimit(undefined, { delta: 0.1 })).to.throw("half a one");
  });
});

describe("a node's budget of privacy", () => {
  const scope = { chain: "1:0x", contract: "0xC", experiment: 1n, learner: "0xme" };
  const snapshot = { index: 1, round: 6, status: "running" } as Snapshot;
  const log = pino({ level: "silent" });
  /** Learner 0xme proposed in rounds 2 and 4, and passed in 6; the others proposed too. */
  const roundAt = async (round: number) => ({
    proposer: round % 2 === 0 ? "0xme" : "0xother",
    proposal: round < 6 ? weights("a") : undefined,
  });
  const spent = (trainings: number) => {
    const cost = { sampleRate: 0.1, noiseMultiplier: 1, steps: 10 * trainings };
    return epsilonOf([cost], limit.delta);
  };
  const budgetWith = async (journal: Journal, standing: Partial<Snapshot> = {}) => {
    const { spendings } = journal;
    const budget = { limit, spendings, snapshot: { ...snapshot, ...standing }, address: "0xme", roundAt, log };
    return withBudget(new PrivateLearner(), budget);
  };

  it("counts what the journal knows, without asking twice for what the ledger shows too", async () => {
    const journal = new Journal(":memory:", scope);
    for (const round of [2, 4, 4]) {
      journal.spendings.record(round, { sampleRate: 0.1, noiseMultiplier: 1, steps: 10 });
    }
    expect((await budgetWith(journal)).epsilon).to.equal(spent(3));
  });

  it("charges what the ledger shows and an old or empty journal does not know of, once", async () => {
    const journal = new Journal(":memory:", scope);
    expect((await budgetWith(journal)).epsilon).to.equal(spent(2));
    expect((await budgetWith(journal)).epsilon).to.equal(spent(2));
    expect([...journal.spendings.rounds()]).to.deep.equal([2, 4]);
  });

  it("is whole before the learner has joined", async () => {
    expect((await budgetWith(new Journal(":memory:", scope), { index: undefined })).epsilon).to.equal(0);
  });

  it("is a mistake around a learner whose training is not private", async () => {
    const { spendings } = new Journal(":memory:", scope);
    const made = withBudget(new PlusOneLearner(), { limit, spendings, snapshot, address: "0xme", roundAt, log });
    const error = await made.catch((error: unknown) => error);
    expect(error).to.include({ name: "UserError", code: "not-private" });
  });
});
