import { expect } from "chai";

import type { Round, Snapshot } from "../../../src/ledger/types.ts";
import { unknownPart } from "../../../src/node/behind.ts";
import type { RoundJournal } from "../../../src/node/decide.ts";

const proposal = { digest: `0x${"b".repeat(64)}`, codec: 0x55 };
const recorded: RoundJournal = { vote: { proposal, approve: true, score: 0.5 } };
const untouched: Round = {
  outcome: "accepted",
  proposer: "0xL0",
  proposal,
  deadline: 1_000,
  voters: 0b110n,
  approvals: 0b100n,
  rejections: 0n,
  seals: 0n,
};
const snapshot = (round: number, index: number | undefined = 1): Snapshot => ({
  ...untouched,
  status: "running",
  phase: "propose",
  round,
  rounds: 50,
  weights: proposal,
  weightsRound: 0,
  proposal: undefined,
  active: 0b111n,
  learnerCount: 3,
  index,
  invited: true,
  timestamp: 900,
  blockNumber: 70,
});

describe("the last part in an experiment that the journal does not know of", () => {
  /** @param parts what the ledger shows of the learner, by round */
  async function find(round: number, parts: Record<number, Partial<Round>>, known: readonly number[], index?: number) {
    const asked: number[] = [];
    const roundAt = async (number: number) => {
      asked.push(number);
      return { ...untouched, ...parts[number] };
    };
    const journal = { round: (number: number) => (known.includes(number) ? recorded : {}) };
    return { part: await unknownPart(roundAt, "0xL1", snapshot(round, index), journal), asked };
  }

  for (const [what, part] of [
    ["an approval", { approvals: 0b010n }],
    ["a rejection", { rejections: 0b010n }],
    ["a sealed vote", { seals: 0b010n }],
    ["a proposal", { proposer: "0xL1" }],
  ] as [string, Partial<Round>][]) {
    it(`is ${what} that only the ledger has`, async () => {
      expect((await find(5, { 3: part }, [1])).part).to.equal(3);
    });
  }

  it("is none where the last part is written, whatever lacks before it, and asks the ledger no further", async () => {
    const { part, asked } = await find(5, { 2: { approvals: 0b010n }, 4: { approvals: 0b010n } }, [4]);
    expect(part).to.equal(undefined);
    expect(asked).to.deep.equal([5]);
  });

  it("is none where it took no part: as a voter or proposer that did nothing", async () => {
    expect((await find(5, { 3: { proposer: "0xL1", proposal: undefined } }, [])).part).to.equal(undefined);
  });

  it("is looked for in a few rounds", async () => {
    const { part, asked } = await find(40, { 20: { approvals: 0b010n } }, []);
    expect(part).to.equal(undefined);
    expect(asked.length).to.be.at.most(10);
  });
});
