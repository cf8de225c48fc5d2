import { expect } from "chai";

import { notReady, type Condition } from "../../../../src/node/operation/readiness.ts";

const NOW = 1_000_000_000;
const well: Condition & { learner: NonNullable<Condition["learner"]> } = {
  stopping: false,
  storeOpen: true,
  chainSeen: NOW - 15_000,
  finished: false,
  learner: { started: true, synchronised: true, behindSince: undefined, failing: undefined },
};
const codes = (condition: Condition) => notReady(condition, NOW).map(({ code }) => code);
const learner = (changed: Partial<typeof well.learner>): Condition => ({
  ...well,
  learner: { ...well.learner, ...changed },
});

describe("readiness", () => {
  for (const [what, condition, expected] of [
    ["nothing is wrong", well, []],
    ["it was told to stop", { ...well, stopping: true }, ["stopping"]],
    ["the store is not open", { ...well, storeOpen: false }, ["store"]],
    ["the chain never answered", { ...well, chainSeen: undefined }, ["chain"]],
    ["the chain is silent for long", { ...well, chainSeen: NOW - 91_000 }, ["chain"]],
    ["the experiment is over", { ...well, chainSeen: NOW - 9_000_000, finished: true }, []],
    ["the learner has not started", learner({ started: false, synchronised: false }), ["learner"]],
    ["the learner has no weights", learner({ synchronised: false }), ["weights"]],
    ["it is just fetching new weights", learner({ behindSince: NOW - 100_000 }), []],
    ["it is behind for long", learner({ behindSince: NOW - 121_000 }), ["weights"]],
    ["its last step failed", learner({ failing: "unavailable" }), ["failing"]],
    ["a relay is well: it has no learner", { ...well, learner: undefined }, []],
    [
      "all is wrong",
      { ...learner({ started: false }), storeOpen: false, stopping: true, chainSeen: undefined },
      ["stopping", "store", "chain", "learner"],
    ],
  ] as const) {
    it(`is ${expected.length === 0 ? "given" : `denied (${expected.join(", ")})`} where ${what}`, () => {
      expect(codes(condition)).to.deep.equal(expected);
    });
  }
});
