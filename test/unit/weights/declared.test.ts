import { expect } from "chai";

import { checkDeclared } from "../../../src/weights/declared.ts";
import type { TrainingSummary } from "../../../src/weights/weights.ts";

const limit = { epsilon: 2, delta: 1e-5 };

describe("a declared spending", () => {
  it("is taken up to the limit", () => {
    for (const epsilon of [0, 1.5, 2]) expect(() => checkDeclared({ epsilon, delta: 1e-5 }, limit)).to.not.throw();
  });

  for (const [what, summary, code] of [
    ["without a summary", undefined, "privacy-undeclared"],
    ["without an ε", { steps: 5, delta: 1e-5 }, "privacy-undeclared"],
    ["without a δ", { epsilon: 1 }, "privacy-undeclared"],
    ["at a smaller δ", { epsilon: 1, delta: 1e-6 }, "privacy-delta"],
    ["at a larger δ", { epsilon: 1, delta: 1e-4 }, "privacy-delta"],
    ["above the limit", { epsilon: 2.000001, delta: 1e-5 }, "privacy-exceeded"],
  ] as [string, TrainingSummary | undefined, string][]) {
    it(`is refused ${what}`, () => {
      expect(() => checkDeclared(summary, limit))
        .to.throw()
        .with.property("code", code);
    });
  }
});
