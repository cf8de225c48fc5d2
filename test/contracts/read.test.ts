import { expect } from "chai";

import { Admission, Outcome, Phase, Status, type Round } from "./ledger-contract.ts";
import {
  as,
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
  vote,
  weights,
  NO_LINK,
} from "./world.ts";

function expectRound(seen: Round, wanted: Partial<Omit<Round, "proposal">> & { digest?: string }) {
  const { digest, ...fields } = wanted;
  if (digest !== undefined) expect(seen.proposal.digest, "proposal").to.equal(digest);
  for (const [field, value] of Object.entries(fields)) expect(seen[field as keyof Round], field).to.equal(value);
}

describe("getRound", () => {
  it("shows the initial weights as round 0", async () => {
    const world = await enrol(2);
    expectRound(await world.ledger.getRound(ID, 0), {
      outcome: Outcome.Accepted,
      proposer: ethers.ZeroAddress,
      digest: INITIAL.digest,
      voters: 0n,
    });
  });

  it("shows the open round in each phase", async () => {
    const world = await run(3);
    const opened = await snapshot(world);
    expectRound(await world.ledger.getRound(ID, 1), {
      outcome: Outcome.Open,
      proposer: person(world, 0).address,
      digest: ethers.ZeroHash,
      deadline: opened.deadline,
      voters: setOf(1, 2),
      approvals: 0n,
      rejections: 0n,
    });
    await propose(world, 0, 1);
    await vote(world, 2, 1, false);
    const voting = await snapshot(world);
    expectRound(await world.ledger.getRound(ID, 1), {
      outcome: Outcome.Open,
      proposer: person(world, 0).address,
      digest: proposalOf(1).digest,
      deadline: voting.deadline,
      voters: setOf(1, 2),
      approvals: 0n,
      rejections: setOf(2),
    });
  });

  it("keeps accepted, rejected and skipped rounds as they were", async () => {
    const world = await run(4);
    await play(world, 0, 1, { 1: true, 2: false, 3: true });
    const { deadline } = await world.ledger.getRound(ID, 1);
    await play(world, 1, 2, { 0: false, 2: false, 3: true });
    const third = await snapshot(world);
    await passDeadline(world);
    await world.ledger.advance(ID);
    await as(world, 3).leaveExperiment(ID);
    await play(world, 3, 4, { 0: true, 1: true, 2: true });

    expectRound(await world.ledger.getRound(ID, 1), {
      outcome: Outcome.Accepted,
      proposer: person(world, 0).address,
      digest: proposalOf(1).digest,
      deadline,
      voters: setOf(1, 2, 3),
      approvals: setOf(1, 3),
      rejections: setOf(2),
    });
    expectRound(await world.ledger.getRound(ID, 2), {
      outcome: Outcome.Rejected,
      proposer: person(world, 1).address,
      digest: proposalOf(2).digest,
      approvals: setOf(3),
      rejections: setOf(0, 2),
    });
    expectRound(await world.ledger.getRound(ID, 3), {
      outcome: Outcome.Skipped,
      proposer: person(world, 2).address,
      digest: ethers.ZeroHash,
      deadline: third.deadline,
      voters: setOf(0, 1, 3),
      approvals: 0n,
      rejections: 0n,
    });
  });

  it("tells a round apart from another that proposed the same weights", async () => {
    const world = await run(3);
    const again = weights("again");
    await as(world, 0).propose(ID, 1, again, NO_LINK);
    for (const index of [1, 2]) await as(world, index).vote(ID, 1, again.digest, false, 0);
    await as(world, 1).propose(ID, 2, again, NO_LINK);
    await as(world, 0).vote(ID, 2, again.digest, true, 0);
    expect((await world.ledger.getRound(ID, 1)).rejections).to.equal(setOf(1, 2));
    expect((await world.ledger.getRound(ID, 2)).approvals).to.equal(setOf(0));
    expect((await world.ledger.getRound(ID, 2)).rejections).to.equal(0n);
  });

  it("refuses a round that has not opened", async () => {
    const world = await run(2);
    await expect(world.ledger.getRound(ID, 2)).to.be.revertedWithCustomError(world.ledger, "WrongRound").withArgs(2, 1);
  });
});

describe("getVote", () => {
  it("shows each voter's vote in open and settled rounds, and that the proposer has none", async () => {
    const world = await run(4);
    await propose(world, 0, 1);
    await vote(world, 1, 1, true);
    await vote(world, 2, 1, false);
    const votes = async () => {
      const all = await Promise.all([0, 1, 2, 3].map((i) => world.ledger.getVote(ID, 1, person(world, i).address)));
      return all.map(({ voter, cast, approve }) => [voter, cast, approve]);
    };
    const wanted = [
      [false, false, false],
      [true, true, true],
      [true, true, false],
      [true, false, false],
    ];
    expect(await votes()).to.deep.equal(wanted);
    await passDeadline(world);
    await world.ledger.advance(ID);
    expect(await votes()).to.deep.equal(wanted);
  });

  it("refuses an address that never joined", async () => {
    const world = await run(2);
    await expect(world.ledger.getVote(ID, 1, world.stranger.address))
      .to.be.revertedWithCustomError(world.ledger, "NotLearner")
      .withArgs(world.stranger.address);
  });
});

describe("getLearner", () => {
  it("shows what became of a learner: joined, struck, suspended, back, gone", async () => {
    const world = await run(4);
    const { address } = person(world, 3);
    const seen = async () => {
      const { member, index, active, struck, suspensions } = await world.ledger.getLearner(ID, address);
      return { member, index, active, struck, suspensions };
    };
    const joined = { member: true, index: 3n, active: true, struck: false, suspensions: 0n };
    expect(await seen()).to.deep.equal(joined);
    await play(world, 0, 1, { 1: true, 2: true });
    await passDeadline(world);
    await world.ledger.advance(ID);
    expect(await seen()).to.deep.equal({ ...joined, struck: true });
    await play(world, 1, 2, { 0: true, 2: true });
    await passDeadline(world);
    await world.ledger.advance(ID);
    expect(await seen()).to.deep.equal({ ...joined, active: false, suspensions: 1n });
    await as(world, 3).resume(ID);
    expect(await seen()).to.deep.equal({ ...joined, suspensions: 1n });
    await play(world, 2, 3, { 0: true, 1: true });
    // Round 4 is the learner's own, round 5 its second duty in a row.
    await passDeadline(world);
    await world.ledger.advance(ID);
    await play(world, 0, 5, { 1: true, 2: true });
    await passDeadline(world);
    await world.ledger.advance(ID);
    expect(await seen()).to.deep.equal({ ...joined, active: false, suspensions: 2n });
    await as(world, 3).resume(ID);
    await as(world, 3).leaveExperiment(ID);
    expect(await seen()).to.deep.equal({ ...joined, active: false, suspensions: 2n });
  });

  it("shows who is invited and has not joined, and who is neither", async () => {
    const world = await enrol(0, { admission: Admission.Invited });
    await world.ledger.invite(ID, [person(world, 0).address]);
    const invited = await world.ledger.getLearner(ID, person(world, 0).address);
    expect([invited.member, invited.invited, invited.active]).to.deep.equal([false, true, false]);
    const nobody = await world.ledger.getLearner(ID, world.stranger.address);
    expect([nobody.member, nobody.invited, nobody.active]).to.deep.equal([false, false, false]);
  });
});

describe("snapshot", () => {
  it("tells learners from strangers, and the block it was read at", async () => {
    const world = await run(3);
    const learner = await snapshot(world, person(world, 0).address);
    expect([learner.member, learner.index]).to.deep.equal([true, 0n]);
    const stranger = await snapshot(world, world.stranger.address);
    expect([stranger.member, stranger.invited]).to.deep.equal([false, true]);
    const block = await ethers.provider.getBlock("latest");
    expect(learner.blockNumber).to.equal(BigInt(block?.number ?? -1));
    expect(learner.timestamp).to.equal(BigInt(block?.timestamp ?? -1));
  });

  it("starts each round with an empty ballot", async () => {
    const world = await run(3);
    await play(world, 0, 1, { 1: true, 2: true });
    const seen = await snapshot(world);
    expect(seen.status).to.equal(Status.Running);
    expect(seen.phase).to.equal(Phase.Propose);
    expect(seen.proposal.digest).to.equal(ethers.ZeroHash);
    expect([seen.approvals, seen.rejections]).to.deep.equal([0n, 0n]);
  });

  it("is refused for an unknown experiment, like every other reading", async () => {
    const { ledger } = await enrol(0);
    const readings = [
      () => ledger.snapshot(2n, ethers.ZeroAddress),
      () => ledger.getRound(2n, 0),
      () => ledger.getVote(2n, 0, ethers.ZeroAddress),
      () => ledger.getLearners(2n),
      () => ledger.getExperiment(2n),
      () => ledger.getLearner(2n, ethers.ZeroAddress),
    ];
    for (const reading of readings) {
      await expect(reading()).to.be.revertedWithCustomError(ledger, "UnknownExperiment").withArgs(2n);
    }
  });
});
