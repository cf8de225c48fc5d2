import { expect } from "chai";

import { isAccepted } from "../../../src/learning/approval.ts";

describe("the acceptance rule", () => {
  const cases = [
    { approvals: 3, voters: 4, approvalBps: 5000, accepted: true, title: "accepts a majority" },
    { approvals: 2, voters: 4, approvalBps: 5000, accepted: false, title: "rejects a tie" },
    { approvals: 2, voters: 4, approvalBps: 4999, accepted: true, title: "accepts a tie one basis point below a half" },
    {
      approvals: 0,
      voters: 4,
      approvalBps: 0,
      accepted: false,
      title: "rejects what nobody approves, whatever the share",
    },
    { approvals: 4, voters: 4, approvalBps: 9999, accepted: true, title: "accepts what all approve" },
    {
      approvals: 4,
      voters: 4,
      approvalBps: 10_000,
      accepted: false,
      title: "never accepts when more than all are asked for",
    },
  ];
  for (const { title, accepted, ...tally } of cases) {
    it(title, () => expect(isAccepted(tally)).to.equal(accepted));
  }
});
