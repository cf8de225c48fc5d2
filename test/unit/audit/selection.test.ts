import { expect } from "chai";
import { concat, keccak256, toBeHex, ZeroHash } from "ethers";
import fc from "fast-check";

import { auditRecord, type ExperimentRecord } from "../../../src/audit/rules.ts";
import { draw, linksFollow, nextAfter, replaySeeds } from "../../../src/audit/selection.ts";
import type { MixedSeed, Round } from "../../../src/ledger/types.ts";
import { RAW, type ContentId } from "../../../src/weights/content-id.ts";

const bytes = (text: string) => keccak256(`0x${Buffer.from(text).toString("hex")}`);

describe("draw", () => {
  it("takes whose lot is lowest", () => {
    const lots = [2, 5, 200].map((index) => BigInt(keccak256(concat([bytes("seed"), toBeHex(index, 32)]))));
    const expected = [2, 5, 200][lots.indexOf(lots.reduce((a, b) => (a < b ? a : b)))];
    expect(draw(bytes("seed"), (1n << 2n) | (1n << 5n) | (1n << 200n))).to.equal(expected);
  });

  it("stays the same when somebody who was not drawn leaves, and somebody else comes only for oneself", () => {
    const sets = fc.bigInt(1n, (1n << 40n) - 1n);
    fc.assert(
      fc.property(sets, fc.nat(39), fc.string(), (set, other, text) => {
        const seed = bytes(text);
        const drawn = draw(seed, set);
        if (drawn !== other) expect(draw(seed, (set & ~(1n << BigInt(other))) | (1n << BigInt(drawn)))).to.equal(drawn);
        expect(draw(seed, set | (1n << BigInt(other)))).to.be.oneOf([drawn, other]);
      }),
    );
  });
});

describe("nextAfter", () => {
  it("goes in a circle", () => {
    expect([255, 0, 1, 3].map((index) => nextAfter(0b1010n, index))).to.deep.equal([1, 1, 3, 1]);
  });
});

const id = (digit: string): ContentId => ({ digest: `0x${digit.repeat(64)}`, codec: RAW });
const learners = ["A", "B", "C"];

/** Hash chains: the last link first. */
const chains = learners.map((name) => {
  const links = [bytes(name)];
  for (let at = 0; at < 3; at++) links.unshift(keccak256(links[0] ?? ""));
  return links;
});

/** A circle of the three learners, the second of them silent, and two drawn rounds, played by the rules. */
function drawnRounds(): ExperimentRecord & { rounds: Round[]; seeds: MixedSeed[] } {
  const seeds: MixedSeed[] = [];
  let seed = ZeroHash;
  const mix = (round: number, entropy: string) => {
    seed = keccak256(concat([seed, entropy]));
    seeds.push({ round, entropy, seed });
  };
  for (const [first = ""] of chains) mix(0, first);
  const used = [0, 0, 0];
  const rounds = [1, 2, 3, 4, 5].map((round): Round => {
    const proposer = round <= 3 ? round - 1 : draw(seed, 0b111n);
    const voters = 0b111n & ~(1n << BigInt(proposer));
    const place = { proposer: learners[proposer] ?? "", deadline: 0, voters, approvals: 0n, seals: 0n };
    if (round === 2) {
      mix(round, ZeroHash);
      return { ...place, outcome: "skipped", proposal: undefined, rejections: 0n };
    }
    used[proposer] = (used[proposer] ?? 0) + 1;
    mix(round, chains[proposer]?.[used[proposer] ?? 0] ?? "");
    return { ...place, outcome: "rejected", proposal: id(String(round)), rejections: voters };
  });
  const votes = rounds.flatMap(({ voters }, at) =>
    learners.flatMap((voter, index) =>
      at === 1 || (voters >> BigInt(index)) % 2n === 0n
        ? []
        : [{ round: at + 1, voter, approve: false, score: 0, transaction: "0x" }],
    ),
  );
  const snapshot = { weights: id("0"), weightsRound: 0 };
  return { approvalBps: 5_000, selection: "random", seeds, initial: id("0"), learners, rounds, votes, snapshot };
}

describe("auditRecord, where proposers are drawn", () => {
  it("finds nothing in a record that keeps the rules", () => {
    expect(auditRecord(drawnRounds())).to.deep.equal([]);
  });

  it("finds a proposer that was not drawn", () => {
    const record = drawnRounds();
    const drawn = record.rounds[3];
    if (!drawn) throw new Error("there is no fourth round");
    const proposer = (learners.indexOf(drawn.proposer) + 1) % 3;
    const voters = 0b111n & ~(1n << BigInt(proposer));
    record.rounds[3] = { ...drawn, proposer: learners[proposer] ?? "", voters, rejections: voters };
    expect(auditRecord(record).map(({ rule }) => rule)).to.include("proposer");
  });

  it("finds a seed that does not follow, and one that is missing", () => {
    const wrong = drawnRounds();
    wrong.seeds[3] = { round: 1, entropy: wrong.seeds[3]?.entropy ?? "", seed: bytes("another") };
    expect(auditRecord(wrong).map(({ rule, round }) => `${rule} ${round}`)).to.include("seed 1");
    const missing = drawnRounds();
    missing.seeds.splice(4, 1);
    expect(auditRecord(missing).map(({ rule, round }) => `${rule} ${round}`)).to.include("seed 2");
  });
});

describe("replaySeeds and linksFollow", () => {
  it("give the seed that each round opened with, and see a chain that breaks", () => {
    const { seeds } = drawnRounds();
    expect(replaySeeds(seeds).seeds.get(2)).to.equal(seeds[3]?.seed);
    expect(linksFollow(chains[0] ?? [])).to.equal(true);
    expect(linksFollow([bytes("a"), bytes("b")])).to.equal(false);
  });
});
