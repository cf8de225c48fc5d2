import { expect } from "chai";
import type { TransactionReceipt } from "ethers";

import {
  advanced,
  once,
  proposed,
  started,
  takesPart,
  left,
  voted,
  type AdvanceFrom,
} from "../../../src/ledger/done.ts";
import { RevertError } from "../../../src/ledger/errors.ts";
import type { Ledger } from "../../../src/ledger/ledger.ts";

const ME = "0x1";
const proposal = { digest: `0x${"3".repeat(64)}`, codec: 0x55 };
const other = { digest: `0x${"4".repeat(64)}`, codec: 0x55 };
const refusal = new RevertError("act", "WrongPhase", []);
const refuse = () => Promise.reject<TransactionReceipt>(refusal);

/** A ledger that holds what it is given, and no events. */
function actor(held: { snapshot?: object; round?: object; learner?: object }) {
  const ledger = {
    snapshot: async () => held.snapshot,
    round: async () => held.round,
    learner: async () => held.learner ?? { index: 1, active: true },
    lastTransaction: async () => undefined,
  } as unknown as Ledger;
  return { ledger, experiment: 1n, address: ME };
}

async function isDone(earlier: ReturnType<typeof takesPart>): Promise<boolean> {
  return (await earlier()) !== undefined;
}

describe("what was done before", () => {
  it("is success, with the transaction that did it", async () => {
    expect(await once(refuse, async () => ({ hash: "0xaa" }))).to.deep.equal({ hash: "0xaa", isNew: false });
  });

  it("is new where it is sent now, and nothing else is asked", async () => {
    const receipt = JSON.parse(`{ "hash": "0xbb" }`) as TransactionReceipt;
    const asked = () => Promise.reject<undefined>(new Error("asked"));
    expect(await once(async () => receipt, asked)).to.deep.equal({ hash: "0xbb", isNew: true, receipt });
  });

  it("leaves a refusal where the same was not done, or cannot be read", async () => {
    const unreadable = () => Promise.reject<undefined>(new Error("endpoint"));
    for (const earlier of [async () => undefined, unreadable]) {
      expect(await once(refuse, earlier).catch((error: unknown) => error)).to.equal(refusal);
    }
  });

  it("does not hide a failure that is no refusal", async () => {
    const failure = new Error("endpoint");
    const sent = once(
      () => Promise.reject<TransactionReceipt>(failure),
      async () => ({ hash: "0xaa" }),
    );
    expect(await sent.catch((error: unknown) => error)).to.equal(failure);
  });

  it("is a vote for the same proposal with the same approval only", async () => {
    const at = actor({ round: { proposal, approvals: 0b10n, rejections: 0n } });
    const vote = { voter: ME, proposal, approve: true };
    expect(await isDone(voted(at, 1, vote))).to.equal(true);
    expect(await isDone(voted(at, 1, { ...vote, approve: false }))).to.equal(false);
    expect(await isDone(voted(at, 1, { ...vote, proposal: other }))).to.equal(false);
  });

  it("is a proposal of the same weights by the same key only", async () => {
    expect(await isDone(proposed(actor({ round: { proposer: ME, proposal } }), 1, proposal))).to.equal(true);
    expect(await isDone(proposed(actor({ round: { proposer: ME, proposal } }), 1, other))).to.equal(false);
    expect(await isDone(proposed(actor({ round: { proposer: "0x2", proposal } }), 1, proposal))).to.equal(false);
    expect(await isDone(proposed(actor({ round: { proposer: ME, proposal: undefined } }), 1, proposal))).to.equal(
      false,
    );
  });

  it("is a start of what runs or has run, not of what was cancelled", async () => {
    for (const status of ["running", "paused", "completed"]) {
      expect(await isDone(started(actor({ snapshot: { status } }))), status).to.equal(true);
    }
    for (const status of ["enrolling", "cancelled"]) {
      expect(await isDone(started(actor({ snapshot: { status } }))), status).to.equal(false);
    }
  });

  it("is joining while active, leaving while not; who never joined did neither", async () => {
    const snapshot = { status: "running" };
    const active = actor({ snapshot });
    const inactive = actor({ snapshot, learner: { index: 1, active: false } });
    const stranger = actor({ snapshot, learner: { index: undefined, active: false } });
    expect(await Promise.all([active, inactive, stranger].map((at) => isDone(takesPart(at))))).to.deep.equal([
      ...[true, false, false],
    ]);
    expect(await Promise.all([active, inactive, stranger].map((at) => isDone(left(at))))).to.deep.equal([
      ...[false, true, false],
    ]);
    expect(await isDone(takesPart(actor({ snapshot: { status: "completed" } })))).to.equal(false);
  });

  it("is leading on where the phase or the round went on, not where a lagging endpoint shows an earlier one", async () => {
    const seen: AdvanceFrom = { status: "running", phase: "vote", round: 3 };
    const isOver = (now: Partial<AdvanceFrom>) => isDone(advanced(actor({ snapshot: { ...seen, ...now } }), seen));
    expect(await isOver({})).to.equal(false);
    expect(await isOver({ phase: "propose" })).to.equal(false);
    expect(await isOver({ round: 2, phase: "reveal" })).to.equal(false);
    expect(await isOver({ phase: "reveal" })).to.equal(true);
    expect(await isOver({ round: 4, phase: "propose" })).to.equal(true);
    expect(await isOver({ status: "completed", phase: "none" })).to.equal(true);
  });
});
