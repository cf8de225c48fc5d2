import { expect } from "chai";

import { Outcome, Phase } from "./ledger-contract.ts";
import { advanceLate, proposed, SEALED, sealed, struckOf } from "./sealed-world.ts";
import {
  as,
  CONTACT,
  ethers,
  HOUR,
  ID,
  NO_INVITATION,
  NO_LINK,
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
  weights,
} from "./world.ts";

const { digest } = proposalOf(1);

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
