import { expect } from "chai";
import fc from "fast-check";

import { auditRecord } from "../../src/audit/ledger-audit.ts";
import type { EventName } from "../../src/audit/history.ts";
import { readKeys, readRecord, type ExperimentRecord } from "../../src/audit/record.ts";
import type { Provider } from "../../src/ledger/connect.ts";
import { Ledger } from "../../src/ledger/ledger.ts";
import { mutate } from "./audit/mutations.ts";
import { RealLedger } from "./model/ledger.ts";
import { apply, create } from "./model/model.ts";
import { anyTerms, anyWish, resolve, timeOf, type Wish } from "./model/wishes.ts";
import type { Terms } from "./model/state.ts";
import { castBy, sendBatch, signVote } from "./signatures.ts";
import { castByWallet, withWallet } from "./wallet-world.ts";
import { enrol, ethers, ID, passDeadline, play, run, type World } from "./world.ts";

/** Sequences of calls, each on a fresh ledger: few in `npm test`, many in `npm run test:deep`. */
const RUNS = Math.ceil(Number(process.env.COLEARN_MODEL_RUNS ?? "40") / 4);
/** Records, and changes of each, that are looked for. */
const RECORDS = 8;
const CHANGES = 40;
const { COLEARN_MODEL_SEED: seed } = process.env;
const CALLS = 70;

async function ledgerOf(world: World): Promise<Ledger> {
  return new Ledger(ethers.provider as unknown as Provider, await world.ledger.getAddress());
}

/** What becomes of an experiment under these wishes, on the real contract, as its ledger tells it. */
async function recordOf(terms: Terms, wishes: readonly Wish[]): Promise<{ ledger: Ledger; record: ExperimentRecord }> {
  const { ledger: real, rules } = await RealLedger.create(terms);
  let state = create(rules);
  for (const wish of wishes) {
    const call = resolve(state, wish);
    const at = timeOf(state, wish, await real.now());
    if ((await real.perform(state, call, at)) !== undefined) continue;
    state = apply(state, call, at);
  }
  const ledger = await ledgerOf(real.world);
  return { ledger, record: await readRecord(ledger, ID) };
}

const anyWishes = fc.array(anyWish, { minLength: 20, maxLength: CALLS, size: "max" });
// A record takes long to make: the first that fails is told of, not the smallest.
const settings = { numRuns: RUNS, endOnFailure: true, ...(seed === undefined ? {} : { seed: Number(seed) }) };

describe("an audit of what the contract did", () => {
  it("finds nothing, whatever people did, and can show who did it", async function () {
    this.timeout(0);
    await fc.assert(
      fc.asyncProperty(anyTerms, anyWishes, async (terms, wishes) => {
        const { ledger, record } = await recordOf(terms, wishes);
        const { violations, authorship } = auditRecord(ledger, record);
        expect(violations).to.deep.equal([]);
        expect(authorship.claimed).to.equal(0);
      }),
      settings,
    );
  });

  it("finds any one thing that is told otherwise than it was", async function () {
    this.timeout(0);
    const anyPicks = fc.array(fc.array(fc.nat(), { minLength: 8, maxLength: 8 }), {
      minLength: CHANGES,
      maxLength: CHANGES,
    });
    await fc.assert(
      fc.asyncProperty(anyTerms, anyWishes, anyPicks, async (terms, wishes, picks) => {
        const { ledger, record } = await recordOf(terms, wishes);
        for (const drawn of picks) {
          const numbers = [...drawn];
          const { record: mutated, change } = mutate(record, (bound) => (numbers.shift() ?? 0) % bound);
          const { violations } = auditRecord(ledger, mutated);
          expect(violations, change).not.to.deep.equal([]);
        }
      }),
      { ...settings, numRuns: RECORDS },
    );
  });

  /** An audit of a world's experiment in which somebody else sent what a step comes from. */
  async function auditWithSender(world: World, step: EventName, from: string) {
    const ledger = await ledgerOf(world);
    const record = await readRecord(ledger, ID);
    const { events, transactions } = record.history;
    const hash = events.find(({ name }) => name === step)!.transaction;
    const changed = new Map(transactions).set(hash, { ...transactions.get(hash)!, from });
    expect(auditRecord(ledger, record).violations).to.deep.equal([]);
    const { violations } = auditRecord(ledger, { ...record, history: { events, transactions: changed } });
    return violations.map(({ rule }) => rule);
  }

  it("finds a start, a vote and a proposal that somebody else sent", async () => {
    const world = await run(3);
    await play(world, 0, 1, { 1: true, 2: false });
    for (const step of ["Started", "Voted", "Proposed", "Joined", "ExperimentCreated"] as const) {
      expect(await auditWithSender(world, step, world.stranger.address), step).to.include("author");
    }
  });

  it("finds a cancellation that was the coordinator's alone, for there were learners enough", async () => {
    for (const [learners, rules] of [
      [3, ["author"]],
      [1, []],
    ] as const) {
      const world = await enrol(learners);
      await passDeadline(world);
      await world.ledger.cancelExperiment(ID);
      expect(await auditWithSender(world, "Cancelled", world.stranger.address)).to.deep.equal(rules);
    }
  });

  it("takes a contract's signature on the ledger's word, and says so", async () => {
    const [, , , , , , , owner] = await ethers.getSigners();
    const world = await withWallet("OwnedWallet", owner!.address);
    const [first, second, third, wallet] = await world.ledger.getLearners(ID);
    const contractSignatures = [await signVote(world, owner!, true, { voter: wallet! })];
    await sendBatch(world, [castByWallet(0), await castBy(world, 1, true)], { contractSignatures });
    const ledger = await ledgerOf(world);
    const record = await readRecord(ledger, ID);
    const keys = await readKeys(ledger, record);
    expect([...keys.keys()]).to.have.members([record.stored.coordinator, first, second, third]);
    for (const read of [record, { ...record, keys }]) {
      const { violations, authorship } = auditRecord(ledger, read);
      expect(violations).to.deep.equal([]);
      // Its joining, through itself, and the batch.
      expect(authorship.claimed).to.equal(2);
    }
  });
});
