import { expect } from "chai";

import { Outcome, Phase, Status } from "./ledger-contract.ts";
import {
  as,
  CONTACT,
  DAY,
  enrol,
  ethers,
  ID,
  INITIAL,
  passDeadline,
  person,
  play,
  propose,
  proposalOf,
  run,
  setOf,
  snapshot,
  time,
  vote,
  type World,
  NO_INVITATION,
  NO_LINK,
} from "./world.ts";

/** Passes the deadline in force and has a stranger lead on. */
async function advanceLate(world: World) {
  await passDeadline(world);
  return await world.ledger.connect(world.stranger).advance(ID);
}

/** Round 1 is skipped with two learners, of whom one has left: no second learner is active. */
async function paused(): Promise<World> {
  const world = await run(2);
  await as(world, 1).leaveExperiment(ID);
  await advanceLate(world);
  return world;
}

describe("settling", () => {
  it("accepts with a strict majority in the last vote's transaction, which opens the next round", async () => {
    const world = await run(4);
    await propose(world, 0, 1);
    await vote(world, 1, 1, true);
    await vote(world, 2, 1, true);
    const last = vote(world, 3, 1, false);
    await expect(last).to.emit(world.ledger, "RoundSettled").withArgs(ID, 1, Outcome.Accepted, 2, 1, 3);
    await expect(last).to.emit(world.ledger, "RoundOpened");
    const seen = await snapshot(world);
    expect(seen.round).to.equal(2n);
    expect(seen.phase).to.equal(Phase.Propose);
    expect(seen.weights.digest).to.equal(proposalOf(1).digest);
    expect(seen.weightsRound).to.equal(1n);
  });

  it("rejects a tie, and keeps the weights", async () => {
    const world = await run(3);
    await play(world, 0, 1, { 1: true, 2: false });
    expect((await world.ledger.getRound(ID, 1)).outcome).to.equal(Outcome.Rejected);
    const seen = await snapshot(world);
    expect(seen.weights.digest).to.equal(INITIAL.digest);
    expect(seen.weightsRound).to.equal(0n);
  });

  it("accepts a tie at 4999 basis points", async () => {
    const world = await run(3, { approvalBps: 4999 });
    await play(world, 0, 1, { 1: true, 2: false });
    expect((await world.ledger.getRound(ID, 1)).outcome).to.equal(Outcome.Accepted);
  });

  it("counts an absent voter as not approving", async () => {
    const world = await run(3);
    await play(world, 0, 1, { 1: true });
    await expect(advanceLate(world)).to.emit(world.ledger, "RoundSettled").withArgs(ID, 1, Outcome.Rejected, 1, 0, 2);
  });

  it("accepts after the deadline where a majority of all voters approved", async () => {
    const world = await run(4);
    await play(world, 0, 1, { 1: true, 3: true });
    await expect(advanceLate(world)).to.emit(world.ledger, "RoundSettled").withArgs(ID, 1, Outcome.Accepted, 2, 0, 3);
  });

  it("selects proposers in a circle of the active learners", async () => {
    const world = await run(4);
    const proposers: string[] = [];
    for (let round = 1; round <= 5; round += 1) {
      const index = (round - 1) % 4;
      proposers.push((await snapshot(world)).proposer);
      const votes = Object.fromEntries([0, 1, 2, 3].filter((one) => one !== index).map((one) => [one, true]));
      await play(world, index, round, votes);
    }
    expect(proposers).to.deep.equal([0, 1, 2, 3, 0].map((index) => person(world, index).address));
  });

  it("completes with the last accepted weights after the last round", async () => {
    const world = await run(3, { rounds: 2 });
    await play(world, 0, 1, { 1: true, 2: true });
    await propose(world, 1, 2);
    await vote(world, 0, 2, false);
    await expect(vote(world, 2, 2, false))
      .to.emit(world.ledger, "Completed")
      .withArgs(ID, proposalOf(1).digest, proposalOf(1).codec, 1);
    const seen = await snapshot(world);
    expect(seen.status).to.equal(Status.Completed);
    expect(seen.phase).to.equal(Phase.None);
    expect(seen.round).to.equal(2n);
    expect(seen.deadline).to.equal(0n);
    expect(seen.proposer).to.equal(ethers.ZeroAddress);
    expect(seen.weights.digest).to.equal(proposalOf(1).digest);
  });

  it("completes with the initial weights where nothing was accepted", async () => {
    const world = await run(2, { rounds: 1 });
    await expect(advanceLate(world)).to.emit(world.ledger, "Completed").withArgs(ID, INITIAL.digest, INITIAL.codec, 0);
  });
});

describe("advance", () => {
  it("is refused until the deadline has passed, in either phase", async () => {
    const world = await run(3);
    const { deadline } = await snapshot(world);
    await time.setNextBlockTimestamp(deadline);
    await expect(world.ledger.advance(ID))
      .to.be.revertedWithCustomError(world.ledger, "TooEarly")
      .withArgs(deadline, deadline);
    const voting = await run(3);
    await propose(voting, 0, 1);
    await expect(voting.ledger.advance(ID)).to.be.revertedWithCustomError(voting.ledger, "TooEarly");
  });

  it("skips a round without a proposal: the round counts, the next proposer is selected", async () => {
    const world = await run(3);
    const sent = advanceLate(world);
    await expect(sent).to.emit(world.ledger, "RoundSettled").withArgs(ID, 1, Outcome.Skipped, 0, 0, 2);
    await expect(sent).to.emit(world.ledger, "RoundOpened");
    const seen = await snapshot(world);
    expect(seen.round).to.equal(2n);
    expect(seen.proposer).to.equal(person(world, 1).address);
  });

  it("is refused during the enrolment, in a final status and for an unknown experiment", async () => {
    const world = await enrol(2);
    await passDeadline(world);
    await expect(world.ledger.advance(ID))
      .to.be.revertedWithCustomError(world.ledger, "WrongStatus")
      .withArgs(ID, Status.Enrolling);
    await expect(world.ledger.advance(3n)).to.be.revertedWithCustomError(world.ledger, "UnknownExperiment");
    const done = await run(2, { rounds: 1 });
    await play(done, 0, 1, { 1: true });
    await expect(done.ledger.advance(ID))
      .to.be.revertedWithCustomError(done.ledger, "WrongStatus")
      .withArgs(ID, Status.Completed);
  });
});

describe("suspension", () => {
  it("comes with the second duty missed in a row", async () => {
    const world = await run(4);
    await play(world, 0, 1, { 1: true, 2: true });
    await expect(advanceLate(world)).to.not.emit(world.ledger, "Suspended");
    await play(world, 1, 2, { 0: true, 2: true });
    await expect(advanceLate(world)).to.emit(world.ledger, "Suspended").withArgs(ID, 2, person(world, 3).address);
    const seen = await snapshot(world);
    expect(seen.active).to.equal(setOf(0, 1, 2));
    expect(seen.voters).to.equal(setOf(0, 1));
  });

  it("does not come where a duty between was done", async () => {
    const world = await run(4);
    await play(world, 0, 1, { 1: true, 2: true });
    await advanceLate(world);
    await play(world, 1, 2, { 0: true, 2: true, 3: true });
    await play(world, 2, 3, { 0: true, 1: true });
    await expect(advanceLate(world)).to.not.emit(world.ledger, "Suspended");
  });

  it("counts a proposal not made like a vote not cast", async () => {
    const world = await run(3);
    await play(world, 0, 1, { 2: true });
    await advanceLate(world);
    await expect(advanceLate(world)).to.emit(world.ledger, "Suspended").withArgs(ID, 2, person(world, 1).address);
  });

  it("forgives a strike when its learner proposes", async () => {
    const world = await run(3);
    await play(world, 0, 1, { 2: true });
    await advanceLate(world);
    await play(world, 1, 2, { 0: true, 2: true });
    await play(world, 2, 3, { 0: true });
    await expect(advanceLate(world)).to.not.emit(world.ledger, "Suspended");
  });

  it("leaves voters as they are in a skipped round, where they had no duty", async () => {
    const world = await run(4);
    await play(world, 0, 1, { 1: true, 3: true });
    await advanceLate(world);
    await advanceLate(world);
    expect((await snapshot(world)).active).to.equal(setOf(0, 1, 2, 3));
    await expect(advanceLate(world)).to.emit(world.ledger, "Suspended").withArgs(ID, 3, person(world, 2).address);
  });

  it("takes several learners at once", async () => {
    const world = await run(5);
    await play(world, 0, 1, { 1: true });
    await advanceLate(world);
    await play(world, 1, 2, { 0: true });
    const sent = advanceLate(world);
    for (const index of [2, 3, 4]) {
      await expect(sent).to.emit(world.ledger, "Suspended").withArgs(ID, 2, person(world, index).address);
    }
    expect((await snapshot(world)).active).to.equal(setOf(0, 1));
  });

  it("is undone by resume, which begins without a strike", async () => {
    const world = await run(4);
    await play(world, 0, 1, { 1: true, 2: true });
    await advanceLate(world);
    await play(world, 1, 2, { 0: true, 2: true });
    await advanceLate(world);
    await as(world, 3).resume(ID);
    await play(world, 2, 3, { 0: true, 1: true });
    await expect(advanceAfterRound3(world)).to.not.emit(world.ledger, "Suspended");
    expect((await snapshot(world)).proposer).to.equal(person(world, 0).address);
  });

  /** Round 3 settled with its last vote; round 4 is the resumed learner's, which does not propose. */
  async function advanceAfterRound3(world: World) {
    expect((await snapshot(world)).proposer).to.equal(person(world, 3).address);
    return await advanceLate(world);
  }

  it("is not escaped by leaving and resuming between two missed duties", async () => {
    const world = await run(4);
    await play(world, 0, 1, { 1: true, 2: true });
    await advanceLate(world);
    await as(world, 3).leaveExperiment(ID);
    await as(world, 3).resume(ID);
    await play(world, 1, 2, { 0: true, 2: true });
    await expect(advanceLate(world)).to.emit(world.ledger, "Suspended").withArgs(ID, 2n, person(world, 3).address);
  });

  it("announces nothing for a learner that had left before", async () => {
    const world = await run(4);
    await play(world, 0, 1, { 1: true, 2: true });
    await advanceLate(world);
    await as(world, 3).leaveExperiment(ID);
    await play(world, 1, 2, { 0: true, 2: true });
    await expect(advanceLate(world)).to.not.emit(world.ledger, "Suspended");
  });
});

describe("pause", () => {
  it("begins where fewer than two learners are active", async () => {
    const world = await run(2);
    await as(world, 1).leaveExperiment(ID);
    await expect(advanceLate(world)).to.emit(world.ledger, "Paused");
    const seen = await snapshot(world);
    expect(seen.status).to.equal(Status.Paused);
    expect(seen.phase).to.equal(Phase.None);
    expect(seen.round).to.equal(1n);
    expect(seen.proposer).to.equal(ethers.ZeroAddress);
    expect(seen.voters).to.equal(0n);
    expect(seen.deadline - seen.timestamp).to.equal(BigInt(DAY));
  });

  it("ends with the round that a second active learner opens", async () => {
    const world = await paused();
    await as(world, 0).leaveExperiment(ID);
    await as(world, 1).resume(ID);
    expect((await snapshot(world)).status).to.equal(Status.Paused);
    await expect(as(world, 0).resume(ID))
      .to.emit(world.ledger, "RoundOpened")
      .withArgs(ID, 2, person(world, 1).address, setOf(0), (deadline: bigint) => deadline > 0n);
    await play(world, 1, 2, { 0: true });
    expect((await snapshot(world)).weightsRound).to.equal(2n);
  });

  it("refuses proposals and votes", async () => {
    const world = await paused();
    await expect(propose(world, 0, 1)).to.be.revertedWithCustomError(world.ledger, "WrongStatus");
    await expect(vote(world, 0, 1, true))
      .to.be.revertedWithCustomError(world.ledger, "WrongStatus")
      .withArgs(ID, Status.Paused);
  });

  it("may be ended by anyone after its limit: the experiment completes with the last accepted weights", async () => {
    const world = await paused();
    await expect(world.ledger.advance(ID)).to.be.revertedWithCustomError(world.ledger, "TooEarly");
    await expect(advanceLate(world)).to.emit(world.ledger, "Completed").withArgs(ID, INITIAL.digest, INITIAL.codec, 0);
    await expect(as(world, 1).resume(ID))
      .to.be.revertedWithCustomError(world.ledger, "WrongStatus")
      .withArgs(ID, Status.Completed);
    await expect(as(world, 3).join(ID, CONTACT, NO_LINK, NO_INVITATION)).to.be.revertedWithCustomError(
      world.ledger,
      "WrongStatus",
    );
  });
});
