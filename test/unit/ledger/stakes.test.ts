import { expect } from "chai";

import { claimThrough, refundThrough, type Fund } from "../../../src/ledger/stakes.ts";
import { lastSettled } from "../../../src/ledger/types.ts";
import type { Snapshot } from "../../../src/ledger/types.ts";

const snapshot = (status: Snapshot["status"], round: number) => ({ status, round }) as Snapshot;

describe("rounds that are paid", () => {
  it("are the settled ones: while an experiment runs, all but the open one", () => {
    expect(lastSettled(snapshot("running", 3))).to.equal(2);
    for (const status of ["paused", "completed"] as const) expect(lastSettled(snapshot(status, 3))).to.equal(3);
    for (const status of ["enrolling", "cancelled"] as const) expect(lastSettled(snapshot(status, 0))).to.equal(0);
  });

  it("are at most 1000 in one claim", () => {
    const claimed = (claimedThrough: number) => ({ stake: 0n, penalised: false, claimedThrough });
    expect(claimThrough(claimed(0), 7)).to.equal(7);
    expect(claimThrough(claimed(0), 2_500)).to.equal(1_000);
    expect(claimThrough(claimed(2_000), 2_500)).to.equal(2_500);
    expect(claimThrough(claimed(7), 7)).to.equal(7);
  });

  it("are at most 1000 played ones in one refund, and then all that were never played", () => {
    const refunded = (refundedThrough: number) => ({ refundedThrough, rounds: 1_000_000 }) as Fund;
    expect(refundThrough(refunded(0), 7)).to.equal(1_000_000);
    expect(refundThrough(refunded(0), 1_000)).to.equal(1_000_000);
    expect(refundThrough(refunded(0), 1_001)).to.equal(1_000);
    expect(refundThrough(refunded(1_000), 1_001)).to.equal(1_000_000);
  });
});
