import { expect } from "chai";

import { Ballot, Outcome, Phase, Status } from "./ledger-contract.ts";
import {
  as,
  CONTACT,
  crowd,
  ethers,
  HOUR,
  ID,
  loadFixture,
  NO_INVITATION,
  NO_LINK,
  passDeadline,
  person,
  propose,
  proposalOf,
  reveal,
  run,
  saltOf,
  SCORE,
  seal,
  setOf,
  snapshot,
  time,
  vote,
  weights,
  type World,
} from "./world.ts";

const SEALED = { ballot: Ballot.Sealed, revealWindow: 3 * HOUR };
const { digest } = proposalOf(1);

/** Round 1 waits for sealed votes of all but person 0. */
async function proposed(learners: number, changes = {}): Promise<World> {
  const world = await run(learners, { ...SEALED, ...changes });
  await propose(world, 0, 1);
  return world;
}

/** The same, with all votes sealed: who is named approves. */
async function sealed(learners: number, approving: number[], changes = {}): Promise<World> {
  const world = await proposed(learners, changes);
  for (let index = 1; index < learners; index += 1) await seal(world, index, 1, approving.includes(index));
  return world;
}

async function advanceLate(world: World) {
  await passDeadline(world);
  return await world.ledger.connect(world.stranger).advance(ID);
}

async function struckOf(world: World, learners: number): Promise<number[]> {
  const indexes = Array.from({ length: learners }, (_, index) => index);
  const seen = await Promise.all(indexes.map((index) => world.ledger.getLearner(ID, person(world, index).address)));
  return indexes.filter((index) => seen[index]!.struck);
}

describe("sealVote", () => {
  it("takes a commitment and tells nothing else", async () => {
    const world = await proposed(4);
    await expect(as(world, 2).sealVote(ID, 1, digest, ethers.id("commitment")))
      .to.emit(world.ledger, "VoteSealed")
      .withArgs(ID, 1, person(world, 2).address, ethers.id("commitment"));
    const seen = await snapshot(world);
    expect(seen.phase).to.equal(Phase.Vote);
    expect([seen.seals, seen.approvals, seen.rejections]).to.deep.equal([setOf(2), 0n, 0n]);
    const { voter, cast, approve, isSealed } = await world.ledger.getVote(ID, 1, person(world, 2).address);
    expect([voter, cast, approve, isSealed]).to.deep.equal([true, false, false, true]);
  });

  it("opens the reveal with the last vote, for as long as the config says", async () => {
    const world = await proposed(3);
    await seal(world, 2, 1, true);
    const last = seal(world, 1, 1, false);
    await expect(last).to.emit(world.ledger, "RevealOpened");
    const seen = await snapshot(world);
    expect(seen.phase).to.equal(Phase.Reveal);
    expect(seen.deadline - seen.timestamp).to.equal(BigInt(3 * HOUR));
    expect(seen.seals).to.equal(setOf(1, 2));
    await expect(last).to.emit(world.ledger, "RevealOpened").withArgs(ID, 1, setOf(1, 2), seen.deadline);
    expect((await world.ledger.getRound(ID, 1)).deadline).to.equal(seen.deadline);
  });

  it("is possible in the deadline's second, not in the next", async () => {
    const world = await proposed(3);
    const { deadline } = await snapshot(world);
    await time.setNextBlockTimestamp(deadline);
    await seal(world, 1, 1, true);
    await expect(seal(world, 2, 1, true))
      .to.be.revertedWithCustomError(world.ledger, "DeadlinePassed")
      .withArgs(deadline + 1n, deadline);
  });

  it("is refused a second time, same or changed", async () => {
    const world = await proposed(4);
    await seal(world, 1, 1, true);
    for (const approve of [true, false]) {
      await expect(seal(world, 1, 1, approve))
        .to.be.revertedWithCustomError(world.ledger, "AlreadyVoted")
        .withArgs(person(world, 1).address);
    }
  });

  it("is not the proposer's, nor a later joiner's, nor a stranger's", async () => {
    const world = await run(3, SEALED);
    await as(world, 3).join(ID, CONTACT, NO_LINK, NO_INVITATION);
    await propose(world, 0, 1);
    for (const index of [0, 3]) {
      await expect(seal(world, index, 1, true))
        .to.be.revertedWithCustomError(world.ledger, "NotVoter")
        .withArgs(person(world, index).address, 1, digest);
    }
    await expect(seal(world, 4, 1, true))
      .to.be.revertedWithCustomError(world.ledger, "NotLearner")
      .withArgs(person(world, 4).address);
  });

  it("must name the open round, its proposal and an experiment", async () => {
    const world = await proposed(3);
    await expect(as(world, 1).sealVote(ID, 2, digest, ethers.id("c")))
      .to.be.revertedWithCustomError(world.ledger, "WrongRound")
      .withArgs(2, 1);
    await expect(as(world, 1).sealVote(ID, 1, weights("other").digest, ethers.id("c"))).to.be.revertedWithCustomError(
      world.ledger,
      "NotVoter",
    );
    await expect(as(world, 1).sealVote(2n, 1, digest, ethers.id("c"))).to.be.revertedWithCustomError(
      world.ledger,
      "NotLearner",
    );
  });

  it("is refused before there is a proposal, in the reveal and in a settled round", async () => {
    const world = await run(3, SEALED);
    await expect(seal(world, 1, 1, true))
      .to.be.revertedWithCustomError(world.ledger, "WrongPhase")
      .withArgs(Phase.Propose);
    await propose(world, 0, 1);
    await seal(world, 1, 1, true);
    await advanceLate(world);
    for (const index of [1, 2]) {
      await expect(seal(world, index, 1, true))
        .to.be.revertedWithCustomError(world.ledger, "WrongPhase")
        .withArgs(Phase.Reveal);
    }
    await reveal(world, 1, 1, true);
    await expect(seal(world, 2, 1, true))
      .to.be.revertedWithCustomError(world.ledger, "RoundClosed")
      .withArgs(1);
  });
});

describe("reveal", () => {
  it("shows votes and scores, and settles the round with the last one", async () => {
    const world = await sealed(4, [1, 2]);
    await expect(reveal(world, 1, 1, true))
      .to.emit(world.ledger, "Voted")
      .withArgs(ID, 1, person(world, 1).address, true, SCORE);
    const seen = await snapshot(world);
    expect([seen.seals, seen.approvals, seen.rejections]).to.deep.equal([setOf(2, 3), setOf(1), 0n]);
    const { cast, approve, isSealed } = await world.ledger.getVote(ID, 1, person(world, 1).address);
    expect([cast, approve, isSealed]).to.deep.equal([true, true, false]);
    await reveal(world, 3, 1, false);
    await expect(reveal(world, 2, 1, true))
      .to.emit(world.ledger, "RoundSettled")
      .withArgs(ID, 1, Outcome.Accepted, 2, 1, 3);
    const next = await snapshot(world);
    expect([next.round, next.phase, next.weightsRound]).to.deep.equal([2n, Phase.Propose, 1n]);
    const round = await world.ledger.getRound(ID, 1);
    expect([round.approvals, round.rejections, round.seals]).to.deep.equal([setOf(1, 2), setOf(3), 0n]);
  });

  it("is anybody's who knows the vote: it stays its voter's", async () => {
    const world = await sealed(4, [1, 2]);
    await expect(
      world.ledger.connect(world.stranger).reveal(ID, 1, digest, person(world, 1).address, true, SCORE, saltOf(1, 1)),
    )
      .to.emit(world.ledger, "Voted")
      .withArgs(ID, 1, person(world, 1).address, true, SCORE);
    expect((await snapshot(world)).approvals).to.equal(setOf(1));
  });

  it("is possible in the deadline's second, not in the next", async () => {
    const world = await sealed(4, []);
    const { deadline } = await snapshot(world);
    await time.setNextBlockTimestamp(deadline);
    await reveal(world, 1, 1, false);
    await expect(reveal(world, 2, 1, false))
      .to.be.revertedWithCustomError(world.ledger, "DeadlinePassed")
      .withArgs(deadline + 1n, deadline);
  });

  it("refuses another vote, score or salt than was sealed, naming both commitments", async () => {
    const world = await sealed(3, [1]);
    const voter = person(world, 1).address;
    const right = await world.ledger.sealOf(ID, 1, digest, voter, true, SCORE, saltOf(1, 1));
    const wrong: [approve: boolean, score: number, salt: string][] = [
      [false, SCORE, saltOf(1, 1)],
      [true, SCORE + 1, saltOf(1, 1)],
      [true, SCORE, saltOf(2, 1)],
    ];
    for (const vote of wrong) {
      await expect(as(world, 1).reveal(ID, 1, digest, voter, ...vote))
        .to.be.revertedWithCustomError(world.ledger, "WrongReveal")
        .withArgs(voter, right, await world.ledger.sealOf(ID, 1, digest, voter, ...vote));
    }
    await reveal(world, 1, 1, true);
  });

  it("is refused a second time", async () => {
    const world = await sealed(4, [1]);
    await reveal(world, 1, 1, true);
    await expect(reveal(world, 1, 1, true))
      .to.be.revertedWithCustomError(world.ledger, "NotSealed")
      .withArgs(person(world, 1).address, 1);
  });

  it("is refused while votes are being sealed, before there is a proposal and once the round is settled", async () => {
    const world = await run(3, SEALED);
    await expect(reveal(world, 1, 1, true))
      .to.be.revertedWithCustomError(world.ledger, "WrongPhase")
      .withArgs(Phase.Propose);
    await propose(world, 0, 1);
    await seal(world, 1, 1, true);
    await expect(reveal(world, 1, 1, true))
      .to.be.revertedWithCustomError(world.ledger, "WrongPhase")
      .withArgs(Phase.Vote);
    await seal(world, 2, 1, true);
    await advanceLate(world);
    await expect(reveal(world, 1, 1, true))
      .to.be.revertedWithCustomError(world.ledger, "RoundClosed")
      .withArgs(1);
  });

  it("is of voters who sealed in this round, on its proposal", async () => {
    const world = await proposed(3);
    await seal(world, 1, 1, true);
    await advanceLate(world);
    await expect(reveal(world, 2, 1, true))
      .to.be.revertedWithCustomError(world.ledger, "NotSealed")
      .withArgs(person(world, 2).address, 1);
    await expect(reveal(world, 0, 1, true))
      .to.be.revertedWithCustomError(world.ledger, "NotVoter")
      .withArgs(person(world, 0).address, 1, digest);
    await expect(reveal(world, 7, 1, true)).to.be.revertedWithCustomError(world.ledger, "NotLearner");
    const { address } = person(world, 1);
    const other = weights("other").digest;
    await expect(as(world, 1).reveal(ID, 1, other, address, true, SCORE, saltOf(1, 1)))
      .to.be.revertedWithCustomError(world.ledger, "NotVoter")
      .withArgs(address, 1, other);
    await expect(as(world, 1).reveal(ID, 2, digest, address, true, SCORE, saltOf(1, 1)))
      .to.be.revertedWithCustomError(world.ledger, "WrongRound")
      .withArgs(2, 1);
  });

  it("does not take what was sealed in a round before", async () => {
    const world = await sealed(3, [1, 2]);
    await reveal(world, 1, 1, true);
    await reveal(world, 2, 1, true);
    await propose(world, 1, 2);
    await seal(world, 0, 2, true);
    await advanceLate(world);
    await expect(reveal(world, 2, 2, true)).to.be.revertedWithCustomError(world.ledger, "NotSealed");
  });
});

describe("a copied commitment", () => {
  it("cannot be revealed by the copier, before or after its owner did, and counts as a missed vote", async () => {
    const world = await proposed(4);
    await seal(world, 1, 1, true);
    await seal(world, 2, 1, true);
    const { address } = person(world, 1);
    const copied = await world.ledger.sealOf(ID, 1, digest, address, true, SCORE, saltOf(1, 1));
    await as(world, 3).sealVote(ID, 1, digest, copied);
    const copier = person(world, 3).address;
    const revealAsOwn = () => as(world, 3).reveal(ID, 1, digest, copier, true, SCORE, saltOf(1, 1));
    await expect(revealAsOwn()).to.be.revertedWithCustomError(world.ledger, "WrongReveal");
    await reveal(world, 1, 1, true);
    await expect(revealAsOwn()).to.be.revertedWithCustomError(world.ledger, "WrongReveal");
    await reveal(world, 2, 1, true);
    await expect(advanceLate(world)).to.emit(world.ledger, "RoundSettled").withArgs(ID, 1, Outcome.Accepted, 2, 0, 3);
    expect(await struckOf(world, 4)).to.deep.equal([3]);
  });

  it("does its owner no harm, be it sent before the owner's own", async () => {
    const world = await proposed(3);
    const { address } = person(world, 1);
    const copied = await world.ledger.sealOf(ID, 1, digest, address, true, SCORE, saltOf(1, 1));
    await as(world, 2).sealVote(ID, 1, digest, copied);
    await seal(world, 1, 1, true);
    await reveal(world, 1, 1, true);
    expect((await snapshot(world)).approvals).to.equal(setOf(1));
  });
});

describe("sealOf", () => {
  it("binds chain, contract, experiment, round, proposal, voter, vote, score and salt", async () => {
    const world = await run(2, SEALED);
    const voter = person(world, 1).address;
    const types = ["uint256", "address", "uint256", "uint32", "bytes32", "address", "bool", "int64", "bytes32"];
    const { chainId } = await ethers.provider.getNetwork();
    const values = [chainId, await world.ledger.getAddress(), 7n, 3, digest, voter, false, -5, ethers.id("salt")];
    expect(await world.ledger.sealOf(7n, 3, digest, voter, false, -5, ethers.id("salt"))).to.equal(
      ethers.keccak256(ethers.AbiCoder.defaultAbiCoder().encode(types, values)),
    );
  });
});

describe("advance with sealed ballots", () => {
  it("settles a round in which nobody sealed, with a strike for each voter", async () => {
    const world = await proposed(3);
    const sent = advanceLate(world);
    await expect(sent).to.emit(world.ledger, "RoundSettled").withArgs(ID, 1, Outcome.Rejected, 0, 0, 2);
    await expect(sent).to.not.emit(world.ledger, "RevealOpened");
    expect((await snapshot(world)).round).to.equal(2n);
    expect(await struckOf(world, 3)).to.deep.equal([1, 2]);
  });

  it("opens the reveal where some sealed, and settles with the last of those", async () => {
    const world = await proposed(4);
    await seal(world, 1, 1, true);
    await seal(world, 2, 1, true);
    await expect(advanceLate(world)).to.emit(world.ledger, "RevealOpened");
    const seen = await snapshot(world);
    expect([seen.phase, seen.seals, seen.voters]).to.deep.equal([Phase.Reveal, setOf(1, 2), setOf(1, 2, 3)]);
    expect(seen.deadline - seen.timestamp).to.equal(BigInt(3 * HOUR));
    await reveal(world, 1, 1, true);
    await expect(reveal(world, 2, 1, true))
      .to.emit(world.ledger, "RoundSettled")
      .withArgs(ID, 1, Outcome.Accepted, 2, 0, 3);
    expect(await struckOf(world, 4)).to.deep.equal([3]);
  });

  it("settles after the reveal's deadline: who did not reveal is absent, and keeps its secret", async () => {
    const world = await sealed(4, [1, 2, 3]);
    await reveal(world, 2, 1, true);
    await expect(advanceLate(world)).to.emit(world.ledger, "RoundSettled").withArgs(ID, 1, Outcome.Rejected, 1, 0, 3);
    expect(await struckOf(world, 4)).to.deep.equal([1, 3]);
    const round = await world.ledger.getRound(ID, 1);
    expect([round.approvals, round.rejections, round.seals]).to.deep.equal([setOf(2), 0n, setOf(1, 3)]);
  });

  it("suspends who does not reveal twice in a row", async () => {
    const world = await sealed(3, [1, 2]);
    await reveal(world, 1, 1, true);
    await advanceLate(world);
    await propose(world, 1, 2);
    await seal(world, 0, 2, true);
    await seal(world, 2, 2, true);
    await reveal(world, 0, 2, true);
    await expect(advanceLate(world)).to.emit(world.ledger, "Suspended").withArgs(ID, 2, person(world, 2).address);
    expect((await world.ledger.getLearner(ID, person(world, 2).address)).suspensions).to.equal(1n);
  });

  it("is refused until either deadline has passed", async () => {
    const world = await proposed(3);
    await expect(world.ledger.advance(ID)).to.be.revertedWithCustomError(world.ledger, "TooEarly");
    await seal(world, 1, 1, true);
    await advanceLate(world);
    await expect(world.ledger.advance(ID)).to.be.revertedWithCustomError(world.ledger, "TooEarly");
    expect((await snapshot(world)).status).to.equal(Status.Running);
  });
});

describe("early decision with sealed ballots", () => {
  const EARLY = { earlyDecision: true };

  it("settles as soon as enough revealed: whose vote is still sealed is not struck", async () => {
    const world = await sealed(5, [1, 2, 3, 4], EARLY);
    await reveal(world, 1, 1, true);
    await reveal(world, 2, 1, true);
    await expect(reveal(world, 3, 1, true))
      .to.emit(world.ledger, "RoundSettled")
      .withArgs(ID, 1, Outcome.Accepted, 3, 0, 4);
    expect(await struckOf(world, 5)).to.deep.equal([]);
    await expect(reveal(world, 4, 1, true))
      .to.be.revertedWithCustomError(world.ledger, "RoundClosed")
      .withArgs(1);
  });

  it("does not settle by sealing: nothing is known of a sealed vote", async () => {
    const world = await proposed(5, EARLY);
    for (const index of [1, 2, 3]) await seal(world, index, 1, true);
    expect((await snapshot(world)).phase).to.equal(Phase.Vote);
  });

  it("counts who did not seal as absent: struck, and no approval can come of it", async () => {
    const world = await proposed(5, EARLY);
    await seal(world, 1, 1, false);
    await seal(world, 2, 1, true);
    await seal(world, 3, 1, true);
    await advanceLate(world);
    // One rejected, one did not seal: of four, two could still approve, which is no majority.
    await expect(reveal(world, 1, 1, false))
      .to.emit(world.ledger, "RoundSettled")
      .withArgs(ID, 1, Outcome.Rejected, 0, 1, 4);
    expect(await struckOf(world, 5)).to.deep.equal([4]);
  });

  it("waits where the sealed votes can still turn the result", async () => {
    const world = await proposed(5, EARLY);
    for (const index of [1, 2, 3]) await seal(world, index, 1, true);
    await advanceLate(world);
    await reveal(world, 1, 1, true);
    await reveal(world, 2, 1, true);
    expect((await snapshot(world)).phase).to.equal(Phase.Reveal);
    await expect(reveal(world, 3, 1, true)).to.emit(world.ledger, "RoundSettled");
  });
});

describe("the ballots of the other kind", () => {
  it("are refused: no open vote where ballots are sealed", async () => {
    const world = await proposed(3);
    await expect(vote(world, 1, 1, true))
      .to.be.revertedWithCustomError(world.ledger, "WrongBallot")
      .withArgs(ID, Ballot.Sealed);
    await seal(world, 1, 1, true);
    await seal(world, 2, 1, true);
    await expect(vote(world, 1, 1, true)).to.be.revertedWithCustomError(world.ledger, "WrongBallot");
  });

  it("are refused: no sealing and no reveal where ballots are open", async () => {
    const world = await run(3);
    await propose(world, 0, 1);
    for (const send of [seal, reveal]) {
      await expect(send(world, 1, 1, true))
        .to.be.revertedWithCustomError(world.ledger, "WrongBallot")
        .withArgs(ID, Ballot.Open);
    }
  });
});

describe("sealed ballots of 130 learners, in three lanes", () => {
  async function many() {
    return await crowd(130, SEALED);
  }

  it("open the reveal and settle only when all lanes are complete", async () => {
    const { ledger, ledgers, wallets } = await loadFixture(many);
    await ledgers[0]!.propose(ID, 1, proposalOf(1), NO_LINK);
    const salt = ethers.id("salt");
    // Backwards, so that the first lane is the last to be complete.
    for (let index = 129; index >= 1; index -= 1) {
      expect((await ledger.snapshot(ID, ethers.ZeroAddress)).phase).to.equal(Phase.Vote);
      const commitment = await ledger.sealOf(ID, 1, digest, wallets[index]!.address, index % 2 === 0, 0, salt);
      await ledgers[index]!.sealVote(ID, 1, digest, commitment);
    }
    expect((await ledger.snapshot(ID, ethers.ZeroAddress)).seals).to.equal(2n ** 130n - 2n);
    for (let index = 1; index <= 129; index += 1) {
      expect((await ledger.getRound(ID, 1)).outcome).to.equal(Outcome.Open);
      await ledger.reveal(ID, 1, digest, wallets[index]!.address, index % 2 === 0, 0, salt);
    }
    const round = await ledger.getRound(ID, 1);
    expect(round.outcome).to.equal(Outcome.Rejected);
    expect(round.seals).to.equal(0n);
    expect(round.approvals | round.rejections).to.equal(2n ** 130n - 2n);
  });
});
