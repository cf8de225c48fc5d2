import { expect } from "chai";
import { pino } from "pino";

import { RefusalLog } from "../../../../src/node/relay/refusal-log.ts";

function logged() {
  const lines: string[] = [];
  const write = (line: string) => {
    const { peer, code, untold, msg } = JSON.parse(line) as Record<string, unknown>;
    lines.push([peer, code, untold, msg].join(" "));
  };
  return { lines, refusals: new RefusalLog(pino({}, { write })) };
}

describe("what a relay refuses", () => {
  it("is a line for each peer and reason in a minute, which says how many were left out", () => {
    const { lines, refusals } = logged();
    for (const now of [0, 1, 59_999]) refusals.add("A", "gas", "too much", now);
    refusals.add("A", "voted", "it has", 2);
    refusals.add("B", "gas", "too much", 3);
    refusals.add("A", "gas", "much too much", 60_000);
    refusals.add("A", "gas", "again", 119_999);
    refusals.add("A", "gas", "again", 120_000);
    expect(lines).to.deep.equal([
      "A gas  not relayed: too much",
      "A voted  not relayed: it has",
      "B gas  not relayed: too much",
      "A gas 2 not relayed: much too much",
      "A gas 1 not relayed: again",
    ]);
  });

  it("is remembered of so many peers only", () => {
    const { lines, refusals } = logged();
    for (let peer = 0; peer < 1_001; peer++) refusals.add(`P${peer}`, "gas", "too much", 0);
    refusals.add("P1", "gas", "remembered", 1);
    refusals.add("P0", "gas", "forgotten", 1);
    expect(lines).to.have.length(1_002);
    expect(lines.at(-1)).to.equal("P0 gas  not relayed: forgotten");
  });
});
