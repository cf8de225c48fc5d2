import { expect } from "chai";
import type { BaseContract } from "ethers";
import fc from "fast-check";

import { isAccepted } from "../../src/learning/approval.ts";
import { ethers } from "./world.ts";

interface ApprovalHarness extends BaseContract {
  isAccepted(approvals: number, voters: number, approvalBps: number): Promise<boolean>;
}

describe("the rule of approval", () => {
  let harness: ApprovalHarness;

  before(async () => {
    harness = (await ethers.deployContract("ApprovalHarness")) as unknown as ApprovalHarness;
  });

  it("says the same in Solidity and in TypeScript", async () => {
    const tally = fc
      .record({ voters: fc.integer({ min: 1, max: 255 }), approvalBps: fc.integer({ min: 0, max: 9999 }) })
      .chain(({ voters, approvalBps }) => {
        const edge = Math.floor((approvalBps * voters) / 10_000);
        const approvals = fc.oneof(
          fc.integer({ min: 0, max: voters }),
          // Where the result turns.
          fc.integer({ min: edge, max: Math.min(edge + 1, voters) }),
        );
        return fc.record({ approvals, voters: fc.constant(voters), approvalBps: fc.constant(approvalBps) });
      });
    await fc.assert(
      fc.asyncProperty(tally, async ({ approvals, voters, approvalBps }) => {
        const onLedger = await harness.isAccepted(approvals, voters, approvalBps);
        expect(isAccepted({ approvals, voters, approvalBps })).to.equal(onLedger);
      }),
      { numRuns: 500 },
    );
  });

  it("says the same of every tally of up to 12 voters at the usual thresholds", async () => {
    for (const approvalBps of [0, 3333, 3334, 4999, 5000, 6666, 6667, 9999]) {
      for (let voters = 1; voters <= 12; voters += 1) {
        for (let approvals = 0; approvals <= voters; approvals += 1) {
          const onLedger = await harness.isAccepted(approvals, voters, approvalBps);
          const here = isAccepted({ approvals, voters, approvalBps });
          expect(here, `${approvals} of ${voters} at ${approvalBps}`).to.equal(onLedger);
        }
      }
    }
  });
});
