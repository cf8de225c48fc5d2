import { expect } from "chai";

import type { Ledger } from "../../../src/ledger/ledger.ts";
import type { CastVote, Outcome, Snapshot } from "../../../src/ledger/types.ts";
import { History } from "../../../src/node/history.ts";

interface Block {
  readonly hash: string;
  readonly votes?: readonly [round: number, voter: string, score: number][];
}

/** A chain whose blocks a test can replace; it counts what is read. */
function chainOf(blocks: Block[], outcomes: Outcome[]) {
  const reads: (number | undefined)[] = [];
  const cast = () =>
    blocks.flatMap(({ votes = [] }, block) =>
      votes.map(([round, voter, score]) => ({ block, round, voter, score, approve: true, transaction: "0x" })),
    );
  const ledger = {
    provider: { getBlock: async (number: number) => blocks[number] ?? null },
    votes: async (_experiment: bigint, from = 0): Promise<CastVote[]> => {
      reads.push(from);
      return cast().filter(({ block }) => block >= from);
    },
    round: async (_experiment: bigint, round: number) => {
      const voters = cast().filter((vote) => vote.round === round).length;
      return { outcome: outcomes[round - 1], approvals: (1n << BigInt(voters)) - 1n, rejections: 0n };
    },
  };
  const at = (round: number): Snapshot =>
    ({ status: "running", round, blockNumber: blocks.length - 1 }) as Partial<Snapshot> as Snapshot;
  return { ledger: ledger as unknown as Ledger, reads, at };
}

describe("The history of an experiment", () => {
  const first: Block = {
    hash: "a",
    votes: [
      [1, "x", 0.5],
      [1, "y", 0.6],
    ],
  };
  // A vote of the open round, in the block of the snapshot.
  const second: Block = {
    hash: "b",
    votes: [
      [1, "z", 0.7],
      [2, "x", 0.8],
    ],
  };

  it("reads each round once, when it has ended, with votes that were cast before its predecessor was read", async () => {
    const blocks = [first, second];
    const { ledger, reads, at } = chainOf(blocks, ["accepted", "rejected"]);
    const history = new History(ledger, 1n, "maximise");
    expect(await history.at(at(1))).to.deep.equal([]);
    expect(await history.at(at(2))).to.deep.equal([{ outcome: "accepted", score: 0.6 }]);
    expect(await history.at(at(2))).to.have.length(1);
    blocks.push({ hash: "c", votes: [[2, "y", 0.9]] });
    expect((await history.at(at(3))).at(-1)).to.deep.equal({ outcome: "rejected", score: 0.8 });
    expect(reads).to.deep.equal([0, 2]);
  });

  it("reads all again after a reorganisation, though no round was added", async () => {
    const blocks = [first, second];
    const { ledger, at } = chainOf(blocks, ["accepted", "rejected"]);
    const history = new History(ledger, 1n, "maximise");
    await history.at(at(2));
    blocks[1] = { hash: "b'", votes: [[1, "z", 0.1]] };
    expect(await history.at(at(2))).to.deep.equal([{ outcome: "accepted", score: 0.5 }]);
    blocks.pop();
    expect(await history.at(at(1))).to.deep.equal([]);
  });

  it("gives no score of some votes, and begins anew when the endpoint has caught up", async () => {
    const blocks = [first, second];
    const { ledger, at } = chainOf(blocks, ["accepted"]);
    const lagging = Object.assign(Object.create(ledger) as Ledger, {
      votes: async () => (await ledger.votes(1n)).slice(0, 1),
    });
    const history = new History(lagging, 1n, "maximise");
    let error: unknown;
    await history.at(at(2)).catch((thrown: unknown) => (error = thrown));
    expect(error).to.have.property("code", "votes-missing");
    Object.assign(lagging, { votes: (experiment: bigint) => ledger.votes(experiment) });
    expect(await history.at(at(2))).to.deep.equal([{ outcome: "accepted", score: 0.6 }]);
  });
});
