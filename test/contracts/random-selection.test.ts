import { expect } from "chai";
import type { BaseContract, ContractTransactionResponse } from "ethers";
import fc from "fast-check";

import { Selection, Status } from "./ledger-contract.ts";
import {
  as,
  chainOf,
  CONTACT,
  enrol,
  ethers,
  ID,
  NO_INVITATION,
  NO_LINK,
  passDeadline,
  person,
  propose,
  proposalOf,
  run,
  setOf,
  snapshot,
  vote,
  type World,
} from "./world.ts";

const DRAWN = { selection: Selection.Random };

interface LotsHarness extends BaseContract {
  draw(seed: string, set: bigint): Promise<bigint>;
}

/** The rule once more: of the set, the index whose hash with the seed is the lowest. */
function draw(seed: string, set: readonly number[]): number {
  const lotOf = (index: number) => BigInt(ethers.keccak256(ethers.concat([seed, ethers.toBeHex(index, 32)])));
  return set.toSorted((one, other) => (lotOf(one) < lotOf(other) ? -1 : 1))[0]!;
}

function mix(seed: string, entropy: string): string {
  return ethers.keccak256(ethers.concat([seed, entropy]));
}

function membersOf(set: bigint): number[] {
  return Array.from({ length: 256 }, (_, index) => index).filter((index) => (set >> BigInt(index)) & 1n);
}

/** The `SeedMixed` events of a transaction, or of all from a block on. */
async function mixed(world: World, sent: ContractTransactionResponse | number) {
  const topics = [world.ledger.interface.getEvent("SeedMixed")!.topicHash];
  const found =
    typeof sent === "number"
      ? await ethers.provider.getLogs({ topics, fromBlock: sent })
      : (await sent.wait())!.logs.filter((log) => log.topics[0] === topics[0]);
  return found.map((log) => {
    const { args } = world.ledger.interface.parseLog(log)!;
    const [, round, entropy, seed] = args as unknown as [bigint, bigint, string, string];
    return { round, entropy, seed };
  });
}

async function seedOf(world: World): Promise<string> {
  return (await mixed(world, 0)).at(-1)!.seed;
}

async function proposerOf(world: World): Promise<number> {
  const { proposer } = await snapshot(world);
  return world.people.findIndex(({ address }) => address === proposer);
}

/** The open round is proposed, and all its voters reject. */
async function playRejected(world: World): Promise<void> {
  const { round, voters } = await snapshot(world);
  await propose(world, await proposerOf(world), Number(round));
  for (const index of membersOf(voters)) await vote(world, index, Number(round), false);
}

async function skip(world: World) {
  await passDeadline(world);
  return await world.ledger.advance(ID);
}

describe("joining where proposers are drawn", () => {
  it("takes the end of a hash chain, and mixes it into the seed", async () => {
    const world = await enrol(0, DRAWN);
    await expect(as(world, 0).join(ID, CONTACT, NO_LINK, NO_INVITATION))
      .to.be.revertedWithCustomError(world.ledger, "NoLink")
      .withArgs(person(world, 0).address);
    let seed: string = ethers.ZeroHash;
    for (const index of [0, 1, 2]) {
      const link = chainOf(index)[0]!;
      const sent = await as(world, index).join(ID, CONTACT, link, NO_INVITATION);
      seed = mix(seed, link);
      expect(await mixed(world, sent)).to.deep.equal([{ round: 0n, entropy: link, seed }]);
      expect((await world.ledger.getLearner(ID, person(world, index).address)).link).to.equal(link);
    }
  });

  it("mixes nothing in after the start, nor in a pause: who sees the seed must not turn it", async () => {
    const world = await run(2, DRAWN);
    const running = await as(world, 2).join(ID, CONTACT, chainOf(2)[0]!, NO_INVITATION);
    expect(await mixed(world, running)).to.deep.equal([]);
    expect((await world.ledger.getLearner(ID, person(world, 2).address)).link).to.equal(chainOf(2)[0]);
    for (const index of [0, 1, 2]) await as(world, index).leaveExperiment(ID);
    await skip(world);
    const seed = await seedOf(world);
    await as(world, 0).resume(ID);
    const resuming = await as(world, 3).join(ID, CONTACT, chainOf(3)[0]!, NO_INVITATION);
    expect(await mixed(world, resuming)).to.deep.equal([]);
    expect((await snapshot(world)).status).to.equal(Status.Running);
    expect(await proposerOf(world)).to.equal(draw(seed, [0, 3]));
  });

  it("takes no link where proposers go in a circle", async () => {
    const world = await enrol(0);
    await as(world, 0).join(ID, CONTACT, chainOf(0)[0]!, NO_INVITATION);
    expect((await world.ledger.getLearner(ID, person(world, 0).address)).link).to.equal(NO_LINK);
    expect(await mixed(world, 0)).to.deep.equal([]);
  });
});

describe("proposing where proposers are drawn", () => {
  it("reveals the next link of the proposer's chain, which is mixed into the seed", async () => {
    const world = await run(3, DRAWN);
    const before = await seedOf(world);
    const [, link] = chainOf(0);
    const sent = await as(world, 0).propose(ID, 1, proposalOf(1), link!);
    expect(await mixed(world, sent)).to.deep.equal([{ round: 1n, entropy: link, seed: mix(before, link!) }]);
    expect((await world.ledger.getLearner(ID, person(world, 0).address)).link).to.equal(link);
  });

  it("is refused with any other link", async () => {
    const world = await run(3, DRAWN);
    const [last, , second] = chainOf(0);
    for (const link of [NO_LINK, last!, second!, chainOf(1)[1]!]) {
      await expect(as(world, 0).propose(ID, 1, proposalOf(1), link))
        .to.be.revertedWithCustomError(world.ledger, "WrongLink")
        .withArgs(link, last);
    }
  });

  it("goes on along the chain from round to round, skipped ones left out", async () => {
    const world = await run(2, { ...DRAWN, rounds: 12 });
    const next = [0, 0];
    while ((await snapshot(world)).status === Status.Running) {
      const proposer = await proposerOf(world);
      const { round } = await snapshot(world);
      if (round % 4n === 2n) {
        await skip(world);
      } else {
        next[proposer]! += 1;
        await playRejected(world);
      }
      const { link } = await world.ledger.getLearner(ID, person(world, proposer).address);
      expect(link).to.equal(chainOf(proposer)[next[proposer]!]);
    }
    expect(next[0]! + next[1]!).to.equal(9);
  });
});

describe("the seed", () => {
  it("is mixed with nothing where a round has no proposal", async () => {
    const world = await run(3, DRAWN);
    const before = await seedOf(world);
    expect(await mixed(world, await skip(world))).to.deep.equal([
      { round: 1n, entropy: ethers.ZeroHash, seed: mix(before, ethers.ZeroHash) },
    ]);
  });

  it("stays as it is while learners vote, leave and resume, and when a round is settled late", async () => {
    const world = await run(4, DRAWN);
    for (let round = 1; round < 4; round += 1) await playRejected(world);
    await propose(world, 3, 4);
    const seed = await seedOf(world);
    await vote(world, 1, 4, true);
    await as(world, 2).leaveExperiment(ID);
    await as(world, 2).resume(ID);
    await skip(world);
    expect(await seedOf(world)).to.equal(seed);
    expect(await proposerOf(world)).to.equal(draw(seed, [0, 1, 2, 3]));
  });

  it("is none where proposers go in a circle", async () => {
    const world = await run(3);
    await playRejected(world);
    await skip(world);
    expect(await mixed(world, 0)).to.deep.equal([]);
  });
});

describe("the draw", () => {
  it("decides nothing before all who were there at the start had a turn, from the lowest index on", async () => {
    for (const gone of [[], [0], [0, 1]]) {
      const world = await enrol(5, { ...DRAWN, rounds: 12 });
      for (const index of gone) await as(world, index).leaveExperiment(ID);
      await world.ledger.startExperiment(ID);
      for (let turn = gone.length; turn < 5; turn += 1) {
        expect(await proposerOf(world)).to.equal(turn);
        await (turn === 3 ? skip(world) : playRejected(world));
      }
      const members = membersOf((await snapshot(world)).active);
      expect(await proposerOf(world)).to.equal(draw(await seedOf(world), members));
    }
  });

  it("is not put off by who joins later", async () => {
    const world = await run(3, { ...DRAWN, rounds: 12 });
    for (const late of [3, 4]) await as(world, late).join(ID, CONTACT, chainOf(late)[0]!, NO_INVITATION);
    for (let round = 1; round <= 3; round += 1) await playRejected(world);
    expect(await proposerOf(world)).to.equal(draw(await seedOf(world), [0, 1, 2, 3, 4]));
  });

  it("is among those who took part in the round before: who comes or comes back knows the seed already", async () => {
    const world = await run(5, { ...DRAWN, rounds: 12 });
    for (let round = 1; round <= 5; round += 1) await playRejected(world);
    const away = (await proposerOf(world)) === 0 ? 1 : 0;
    await as(world, away).leaveExperiment(ID);
    await playRejected(world);
    // Round 7 is open without the one that is away; it comes back, and another one joins.
    await as(world, away).resume(ID);
    await as(world, 5).join(ID, CONTACT, chainOf(5)[0]!, NO_INVITATION);
    const there = [0, 1, 2, 3, 4].filter((index) => index !== away);
    await playRejected(world);
    expect(await proposerOf(world)).to.equal(draw(await seedOf(world), there));
    await playRejected(world);
    expect(await proposerOf(world)).to.equal(draw(await seedOf(world), [0, 1, 2, 3, 4, 5]));
  });

  it("is among all who are there where nobody of the round before is", async () => {
    const world = await run(2, { ...DRAWN, rounds: 12 });
    for (let round = 1; round <= 2; round += 1) await playRejected(world);
    for (const late of [2, 3]) await as(world, late).join(ID, CONTACT, chainOf(late)[0]!, NO_INVITATION);
    for (const gone of [0, 1]) await as(world, gone).leaveExperiment(ID);
    await playRejected(world);
    expect(await proposerOf(world)).to.equal(draw(await seedOf(world), [2, 3]));
  });

  it("falls in each round as the seed says, among the active learners of the round before alone", async () => {
    const world = await run(7, { ...DRAWN, rounds: 40 });
    const drawn = new Set<number>();
    for (let round = 1; round < 40; round += 1) {
      // In every round one leaves, and who left or was suspended comes back.
      const active = membersOf((await snapshot(world)).active);
      for (let index = 0; index < 7; index += 1) if (!active.includes(index)) await as(world, index).resume(ID);
      await as(world, round % 7).leaveExperiment(ID);
      const { voters } = await snapshot(world);
      const tookPart = [...membersOf(voters), await proposerOf(world)];
      if (round % 5 === 0) await skip(world);
      else await playRejected(world);
      const members = membersOf((await snapshot(world)).active);
      const proposer = await proposerOf(world);
      expect(members).to.include(proposer);
      if (round < 7) continue;
      const known = members.filter((index) => tookPart.includes(index));
      expect(proposer, `round ${round + 1}`).to.equal(draw(await seedOf(world), known));
      drawn.add(proposer);
    }
    expect(drawn.size).to.be.greaterThan(4);
  });

  it("is the same whoever of the others leaves before it", async () => {
    const world = await run(6, DRAWN);
    for (let round = 1; round < 6; round += 1) await playRejected(world);
    await propose(world, 5, 6);
    const drawn = draw(await seedOf(world), [0, 1, 2, 3, 4, 5]);
    const others = [0, 1, 2, 3, 4, 5].filter((index) => index !== drawn);
    for (const leaving of [[], ...others.map((index) => [index]), others.slice(1)]) {
      const state: unknown = await ethers.provider.send("evm_snapshot", []);
      for (const index of leaving) await as(world, index).leaveExperiment(ID);
      await skip(world);
      expect(await proposerOf(world)).to.equal(drawn);
      await ethers.provider.send("evm_revert", [state]);
    }
  });
});

describe("Lots.draw", () => {
  let harness: LotsHarness;
  const seeds = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => ethers.hexlify(bytes));
  const sets = fc.uniqueArray(fc.integer({ min: 0, max: 255 }), { minLength: 2, maxLength: 20 });

  before(async () => {
    harness = (await ethers.deployContract("LotsHarness")) as unknown as LotsHarness;
  });

  it("says the same in Solidity and in TypeScript", async () => {
    await fc.assert(
      fc.asyncProperty(seeds, sets, async (seed, set) => {
        expect(Number(await harness.draw(seed, setOf(...set)))).to.equal(draw(seed, set));
      }),
      { numRuns: 200 },
    );
  });

  it("is the same without any other of the set, and with another either the same or that one", async () => {
    await fc.assert(
      fc.asyncProperty(seeds, sets, fc.nat(), fc.integer({ min: 0, max: 255 }), async (seed, set, which, more) => {
        const drawn = Number(await harness.draw(seed, setOf(...set)));
        const others = set.filter((index) => index !== drawn);
        const gone = others[which % others.length];
        expect(Number(await harness.draw(seed, setOf(...set.filter((index) => index !== gone))))).to.equal(drawn);
        expect([drawn, more]).to.include(Number(await harness.draw(seed, setOf(...set, more))));
      }),
      { numRuns: 200 },
    );
  });
});
