import { expect } from "chai";

import type { Audit } from "../../../src/audit/audit.ts";
import { asText } from "../../../src/cli/audit/table.ts";

describe("the audit's last line", () => {
  const lastLine = (claimed: number) => {
    const sound: Audit = {
      experiment: 1,
      chainId: 31_337,
      contract: "0x",
      block: 9,
      status: "completed",
      rounds: 1,
      accepted: 1,
      files: 0,
      steps: { shown: 6, claimed },
      history: [],
      violations: [],
    };
    return asText(sound).at(-1);
  };

  it("says that every rule holds only where it is shown who took every step", () => {
    expect(lastLine(0)).to.include("Every rule holds.");
    expect(lastLine(1)).to.include("1 step rests on the contract's word alone.").and.not.to.include("Every rule holds");
    expect(lastLine(6)).to.include("6 steps rest on the contract's word alone.");
  });
});
