import { expect } from "chai";
import { Signature } from "ethers";

import { Ballot, Outcome, Phase, Status, type SignedVote } from "./ledger-contract.ts";
import { castBy, sendBatch, signedVote, type Cast, type VoteMessage } from "./signatures.ts";
import {
  as,
  CONTACT,
  crowd,
  enrol,
  ethers,
  HOUR,
  ID,
  loadFixture,
  NO_INVITATION,
  NO_LINK,
  person,
  propose,
  proposalOf,
  run,
  SCORE,
  setOf,
  snapshot,
  time,
  vote,
  weights,
  type World,
} from "./world.ts";

const { digest } = proposalOf(1);

/** Round 1 waits for the votes of all but person 0. */
async function proposed(learners: number, changes = {}): Promise<World> {
  const world = await run(learners, changes);
  await propose(world, 0, 1);
  return world;
}

/** Persons 1 to 3 approve, approve and reject. */
async function threeVotes(world: World): Promise<Cast[]> {
  return [
    await castBy(world, 1, true),
    await castBy(world, 2, true, { score: 950_000 }),
    await castBy(world, 3, false, { score: -7 }),
  ];
}

describe("castVotesBySig", () => {
  it("settles a round in one transaction of a stranger, and announces voters, votes and scores", async () => {
    const world = await proposed(4);
    const sent = sendBatch(world, await threeVotes(world));
    const voters = [1, 2, 3].map((index) => person(world, index).address);
    await expect(sent)
      .to.emit(world.ledger, "VotesCast")
      .withArgs(ID, 1, 0b011n, voters, [BigInt(SCORE), 950_000n, -7n]);
    await expect(sent).to.emit(world.ledger, "RoundSettled").withArgs(ID, 1, Outcome.Accepted, 2, 1, 3);
    const seen = await snapshot(world);
    expect([seen.round, seen.weightsRound, seen.phase]).to.deep.equal([2n, 1n, Phase.Propose]);
    const round = await world.ledger.getRound(ID, 1);
    expect([round.approvals, round.rejections]).to.deep.equal([setOf(1, 2), setOf(3)]);
  });

  it("takes votes in several parts, beside votes that voters send themselves", async () => {
    const world = await proposed(6);
    await sendBatch(world, [await castBy(world, 4, true), await castBy(world, 2, false)]);
    const seen = await snapshot(world);
    expect([seen.approvals, seen.rejections]).to.deep.equal([setOf(4), setOf(2)]);
    expect(seen.phase).to.equal(Phase.Vote);
    await vote(world, 1, 1, true);
    await sendBatch(world, [await castBy(world, 5, true)]);
    await expect(vote(world, 3, 1, true))
      .to.emit(world.ledger, "RoundSettled")
      .withArgs(ID, 1, Outcome.Accepted, 4, 1, 5);
  });

  it("gives the same result with a list of learners that is right, wrong, short, long or empty", async () => {
    const right = (world: World) => world.people.slice(0, 4).map(({ address }) => address);
    const lists: ((world: World) => string[])[] = [
      right,
      (world) => right(world).toReversed(),
      (world) => right(world).slice(0, 3),
      (world) => [...right(world), world.stranger.address],
      () => [],
    ];
    for (const list of lists) {
      const world = await proposed(4);
      await expect(sendBatch(world, await threeVotes(world), { learners: list(world) }))
        .to.emit(world.ledger, "RoundSettled")
        .withArgs(ID, 1, Outcome.Accepted, 2, 1, 3);
    }
  });

  it("is possible in the deadline's second, not in the next", async () => {
    const world = await proposed(4);
    const { deadline } = await snapshot(world);
    const [first, ...others] = await threeVotes(world);
    await time.setNextBlockTimestamp(deadline);
    await sendBatch(world, [first!]);
    await expect(sendBatch(world, others))
      .to.be.revertedWithCustomError(world.ledger, "DeadlinePassed")
      .withArgs(deadline + 1n, deadline);
  });

  it("needs as many votes as voters", async () => {
    const world = await proposed(4);
    const { signed } = await castBy(world, 1, true);
    for (const [voters, votes] of [
      [setOf(1, 2), [signed]],
      [setOf(1), [signed, signed]],
      [0n, [signed]],
    ] as [bigint, SignedVote[]][]) {
      await expect(world.ledger.castVotesBySig(ID, 1, digest, voters, voters, votes, [], []))
        .to.be.revertedWithCustomError(world.ledger, "WrongBatch")
        .withArgs(voters, votes.length);
    }
  });

  it("must name the open round and its proposal", async () => {
    const world = await proposed(4);
    const casts = await threeVotes(world);
    const other = weights("other").digest;
    await expect(sendBatch(world, casts, { round: 2 }))
      .to.be.revertedWithCustomError(world.ledger, "WrongRound")
      .withArgs(2, 1);
    await expect(sendBatch(world, casts, { proposal: other }))
      .to.be.revertedWithCustomError(world.ledger, "WrongProposal")
      .withArgs(other, digest);
  });

  it("is refused before the start, before there is a proposal, where ballots are sealed and without an experiment", async () => {
    const unstarted = await enrol(4);
    await expect(sendBatch(unstarted, []))
      .to.be.revertedWithCustomError(unstarted.ledger, "WrongStatus")
      .withArgs(ID, Status.Enrolling);
    await expect(unstarted.ledger.castVotesBySig(2n, 1, digest, 0n, 0n, [], [], [])).to.be.revertedWithCustomError(
      unstarted.ledger,
      "UnknownExperiment",
    );
    const waiting = await run(4);
    await expect(sendBatch(waiting, []))
      .to.be.revertedWithCustomError(waiting.ledger, "WrongPhase")
      .withArgs(Phase.Propose);
    const sealed = await proposed(4, { ballot: Ballot.Sealed, revealWindow: HOUR });
    await expect(sendBatch(sealed, [await castBy(sealed, 1, true)]))
      .to.be.revertedWithCustomError(sealed.ledger, "WrongBallot")
      .withArgs(ID, Ballot.Sealed);
  });

  it("reverts where no vote counts, as an empty batch", async () => {
    const world = await proposed(4);
    await expect(sendBatch(world, [])).to.be.revertedWithCustomError(world.ledger, "NoVoteCounts").withArgs(1, 0);
  });
});

describe("a vote signed for something else", () => {
  const elsewhere: [what: string, changes: (world: World) => Partial<VoteMessage>, domain?: object][] = [
    ["another experiment", () => ({ experiment: 2n })],
    ["another round", () => ({ round: 2, proposal: digest })],
    ["another proposal", () => ({ proposal: weights("other").digest })],
    ["another voter", (world) => ({ voter: person(world, 2).address })],
    ["the other vote", () => ({ approve: false })],
    ["another chain", () => ({}), { chainId: 1 }],
    ["another contract", () => ({}), { verifyingContract: "0x00000000000000000000000000000000000000aa" }],
    ["another application", () => ({}), { name: "CollectiveVoting" }],
    ["another version", () => ({}), { version: "2" }],
  ];
  for (const [what, changes, domain] of elsewhere) {
    it(`does not count: ${what}`, async () => {
      const world = await proposed(4);
      const signed = await signedVote(world, person(world, 1), true, changes(world), domain);
      await expectLeftOut(world, { index: 1, approve: true, signed });
    });
  }

  it("does not count: another score", async () => {
    const world = await proposed(4);
    const { signed, ...rest } = await castBy(world, 1, true);
    await expectLeftOut(world, { ...rest, signed: { ...signed, score: SCORE + 1 } });
  });

  it("does not count: by another key", async () => {
    const world = await proposed(4);
    const { address } = person(world, 1);
    for (const signer of [world.stranger, person(world, 0), person(world, 2)]) {
      const signed = await signedVote(world, signer, true, { voter: address });
      await expectLeftOut(world, { index: 1, approve: true, signed });
    }
  });
});

/** Alone it makes the call revert; beside a good vote it is left out, and the good one counts. */
async function expectLeftOut(world: World, bad: Cast) {
  await expect(sendBatch(world, [bad]))
    .to.be.revertedWithCustomError(world.ledger, "NoVoteCounts")
    .withArgs(1, setOf(bad.index));
  const state: unknown = await ethers.provider.send("evm_snapshot", []);
  await expect(sendBatch(world, [bad, await castBy(world, 3, false)]))
    .to.emit(world.ledger, "VotesCast")
    .withArgs(ID, 1, 0n, [person(world, 3).address], [BigInt(SCORE)]);
  const round = await world.ledger.getRound(ID, 1);
  expect([round.approvals, round.rejections]).to.deep.equal([0n, setOf(3)]);
  await ethers.provider.send("evm_revert", [state]);
}

describe("a vote that does not count", () => {
  it("is left out: of no voter, be it the proposer, a later joiner or nobody", async () => {
    const world = await run(5);
    await as(world, 5).join(ID, CONTACT, NO_LINK, NO_INVITATION);
    await propose(world, 0, 1);
    for (const index of [0, 5, 6, 64, 255]) {
      const signer = person(world, Math.min(index, 6));
      const signed = await signedVote(world, signer, true);
      await expectLeftOut(world, { index, approve: true, signed });
      await expectLeftOut(world, {
        index,
        approve: true,
        signed: await signedVote(world, signer, true, { voter: ethers.ZeroAddress }),
      });
    }
  });

  it("is left out: by no key at all, though recovery then gives the empty address", async () => {
    const world = await proposed(4);
    const garbage = [
      { r: ethers.ZeroHash, vs: ethers.id("s") },
      { r: `0x${"ff".repeat(32)}`, vs: `0x${"ff".repeat(32)}` },
      { r: ethers.ZeroHash, vs: ethers.ZeroHash },
      { r: `0x${"ff".repeat(32)}`, vs: ethers.ZeroHash },
    ];
    for (const signed of garbage) {
      await expectLeftOut(world, { index: 1, approve: true, signed: { score: SCORE, ...signed } });
      await expectLeftOut(world, { index: 9, approve: true, signed: { score: SCORE, ...signed } });
    }
  });

  it("is left out: cast before, and a batch that comes too late harms nobody", async () => {
    const world = await proposed(5);
    const casts = [...(await threeVotes(world)), await castBy(world, 4, true)];
    // Somebody else sends one of the votes first, and a voter sends its own, another one.
    await sendBatch(world, [casts[1]!]);
    await vote(world, 1, 1, false);
    await expect(sendBatch(world, casts))
      .to.emit(world.ledger, "RoundSettled")
      .withArgs(ID, 1, Outcome.Rejected, 2, 2, 4);
    const round = await world.ledger.getRound(ID, 1);
    expect([round.approvals, round.rejections]).to.deep.equal([setOf(2, 4), setOf(1, 3)]);
    await expect(sendBatch(world, casts)).to.be.revertedWithCustomError(world.ledger, "WrongRound");
  });

  it("is left out: sent a second time, or with its signature's s mirrored", async () => {
    const world = await proposed(4);
    const cast = await castBy(world, 1, true);
    await expectLeftOut(world, mirror(cast));
    await sendBatch(world, [cast]);
    for (const again of [cast, mirror(cast)]) {
      await expect(sendBatch(world, [again])).to.be.revertedWithCustomError(world.ledger, "NoVoteCounts");
    }
    expect((await snapshot(world)).approvals).to.equal(setOf(1));
  });

  it("cannot be made of a vote that counted, in a later round with the same proposal", async () => {
    const world = await run(3);
    await propose(world, 0, 1);
    const casts = [await castBy(world, 1, false), await castBy(world, 2, false)];
    await sendBatch(world, casts);
    await as(world, 1).propose(ID, 2, proposalOf(1), NO_LINK);
    await expect(sendBatch(world, [casts[1]!], { round: 2, proposal: digest })).to.be.revertedWithCustomError(
      world.ledger,
      "NoVoteCounts",
    );
  });
});

/**
 * Of (r, s) another can make (r, n - s), which with the other parity is the same key's signature too. Signers give the
 * lower s; the higher one has no room in the compact form, where the highest bit is the parity.
 */
function mirror(cast: Cast): Cast {
  const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
  const { s } = Signature.from({ r: cast.signed.r, yParityAndS: cast.signed.vs });
  return { ...cast, signed: { ...cast.signed, vs: ethers.toBeHex(order - BigInt(s), 32) } };
}

describe("early decision in a batch", () => {
  it("settles with those that decide, and strikes nobody who had no time", async () => {
    const world = await proposed(6, { earlyDecision: true });
    await sendBatch(world, [await castBy(world, 1, true), await castBy(world, 2, true)]);
    expect((await snapshot(world)).round).to.equal(1n);
    await expect(sendBatch(world, [await castBy(world, 3, true)]))
      .to.emit(world.ledger, "RoundSettled")
      .withArgs(ID, 1, Outcome.Accepted, 3, 0, 5);
    for (const index of [4, 5])
      expect((await world.ledger.getLearner(ID, person(world, index).address)).struck).to.be.false;
  });
});

describe("a batch of 255 votes, in four lanes", () => {
  async function full() {
    return await crowd(256);
  }

  it("settles a round, given the list of learners or not", async () => {
    const world = await loadFixture(full);
    const { ledger, wallets } = world;
    await world.ledgers[0]!.propose(ID, 1, proposalOf(1), NO_LINK);
    const casts: Cast[] = [];
    for (let index = 1; index < 256; index += 1) {
      const approve = index % 3 !== 0;
      casts.push({ index, approve, signed: await signedVote(world, wallets[index]!, approve) });
    }
    const learners = [...(await ledger.getLearners(ID))];
    await sendBatch(world, casts.slice(100, 150), { learners });
    await expect(sendBatch(world, casts))
      .to.emit(ledger, "RoundSettled")
      .withArgs(ID, 1, Outcome.Accepted, 170, 85, 255);
    const round = await ledger.getRound(ID, 1);
    expect(round.approvals).to.equal(setOf(...casts.filter(({ approve }) => approve).map(({ index }) => index)));
    expect(round.approvals | round.rejections).to.equal(2n ** 256n - 2n);
  });
});
