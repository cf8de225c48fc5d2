import { expect } from "chai";

import { DAG_PB, Outcome, Phase, Status } from "./ledger-contract.ts";
import {
  as,
  CONTACT,
  enrol,
  ethers,
  HOUR,
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
  weights,
  NO_INVITATION,
  NO_LINK,
} from "./world.ts";

describe("propose", () => {
  it("opens the vote on a content id of either codec", async () => {
    const world = await run(3);
    const proposal = weights("large", DAG_PB);
    await expect(as(world, 0).propose(ID, 1, proposal, NO_LINK))
      .to.emit(world.ledger, "Proposed")
      .withArgs(ID, 1, person(world, 0).address, proposal.digest, DAG_PB, (deadline: bigint) => deadline > 0n);
    const seen = await snapshot(world);
    expect(seen.phase).to.equal(Phase.Vote);
    expect(seen.proposal.digest).to.equal(proposal.digest);
    expect(seen.proposal.codec).to.equal(BigInt(DAG_PB));
    expect(seen.deadline - seen.timestamp).to.equal(BigInt(2 * HOUR));
    expect(seen.voters).to.equal(setOf(1, 2));
  });

  it("is possible in the deadline's second, not in the next", async () => {
    const world = await run(3);
    const { deadline } = await snapshot(world);
    await time.setNextBlockTimestamp(deadline);
    await propose(world, 0, 1);

    const late = await run(3);
    await passDeadline(late);
    await expect(propose(late, 0, 1)).to.be.revertedWithCustomError(late.ledger, "DeadlinePassed");
  });

  it("is the proposer's only, be the caller a voter or a stranger", async () => {
    const world = await run(3);
    for (const caller of [person(world, 1), world.stranger]) {
      await expect(world.ledger.connect(caller).propose(ID, 1, proposalOf(1), NO_LINK))
        .to.be.revertedWithCustomError(world.ledger, "NotProposer")
        .withArgs(caller.address, person(world, 0).address);
    }
  });

  it("must name the open round", async () => {
    const world = await run(3);
    for (const round of [0, 2]) {
      await expect(propose(world, 0, round))
        .to.be.revertedWithCustomError(world.ledger, "WrongRound")
        .withArgs(round, 1);
    }
  });

  it("is refused a second time in a round", async () => {
    const world = await run(3);
    await propose(world, 0, 1);
    await expect(as(world, 0).propose(ID, 1, weights("other"), NO_LINK))
      .to.be.revertedWithCustomError(world.ledger, "WrongPhase")
      .withArgs(Phase.Vote);
  });

  it("is refused before the start and for an unknown experiment", async () => {
    const world = await enrol(3);
    await expect(propose(world, 0, 0))
      .to.be.revertedWithCustomError(world.ledger, "WrongStatus")
      .withArgs(ID, Status.Enrolling);
    await expect(as(world, 0).propose(9n, 1, proposalOf(1), NO_LINK)).to.be.revertedWithCustomError(
      world.ledger,
      "UnknownExperiment",
    );
  });

  it("refuses what is no content id", async () => {
    const world = await run(3);
    for (const wrong of [weights("w", 0x71), { digest: ethers.ZeroHash, codec: DAG_PB }]) {
      await expect(as(world, 0).propose(ID, 1, wrong, NO_LINK))
        .to.be.revertedWithCustomError(world.ledger, "InvalidContentId")
        .withArgs(wrong.digest, wrong.codec);
    }
  });

  it("refuses the current weights, initial or accepted, and takes rejected ones again", async () => {
    const world = await run(3);
    await expect(as(world, 0).propose(ID, 1, INITIAL, NO_LINK))
      .to.be.revertedWithCustomError(world.ledger, "ProposalUnchanged")
      .withArgs(INITIAL.digest);
    await play(world, 0, 1, { 1: true, 2: true });
    await expect(as(world, 1).propose(ID, 2, proposalOf(1), NO_LINK))
      .to.be.revertedWithCustomError(world.ledger, "ProposalUnchanged")
      .withArgs(proposalOf(1).digest);
    await play(world, 1, 2, { 0: false, 2: false });
    await as(world, 2).propose(ID, 3, proposalOf(2), NO_LINK);
    expect((await snapshot(world)).proposal.digest).to.equal(proposalOf(2).digest);
  });
});

describe("vote", () => {
  it("records the vote and announces its score, which may be negative", async () => {
    const world = await run(4);
    await propose(world, 0, 1);
    await expect(as(world, 1).vote(ID, 1, proposalOf(1).digest, false, -1_250_000))
      .to.emit(world.ledger, "Voted")
      .withArgs(ID, 1, person(world, 1).address, false, -1_250_000);
    await vote(world, 3, 1, true);
    const seen = await snapshot(world);
    expect(seen.approvals).to.equal(setOf(3));
    expect(seen.rejections).to.equal(setOf(1));
    expect(seen.phase).to.equal(Phase.Vote);
  });

  it("is possible in the deadline's second, not in the next", async () => {
    const world = await run(3);
    await propose(world, 0, 1);
    const { deadline } = await snapshot(world);
    await time.setNextBlockTimestamp(deadline);
    await vote(world, 1, 1, true);
    await expect(vote(world, 2, 1, true))
      .to.be.revertedWithCustomError(world.ledger, "DeadlinePassed")
      .withArgs(deadline + 1n, deadline);
  });

  it("counts for the named proposal only", async () => {
    const world = await run(3);
    await propose(world, 0, 1);
    for (const other of [weights("other").digest, INITIAL.digest, ethers.ZeroHash]) {
      await expect(as(world, 1).vote(ID, 1, other, true, 0))
        .to.be.revertedWithCustomError(world.ledger, "NotVoter")
        .withArgs(person(world, 1).address, 1, other);
    }
  });

  it("is not the proposer's, nor a later joiner's, nor a stranger's", async () => {
    const world = await run(3);
    await as(world, 3).join(ID, CONTACT, NO_LINK, NO_INVITATION);
    await propose(world, 0, 1);
    for (const index of [0, 3]) {
      await expect(vote(world, index, 1, true))
        .to.be.revertedWithCustomError(world.ledger, "NotVoter")
        .withArgs(person(world, index).address, 1, proposalOf(1).digest);
    }
    await expect(vote(world, 4, 1, true))
      .to.be.revertedWithCustomError(world.ledger, "NotLearner")
      .withArgs(person(world, 4).address);
  });

  it("is refused a second time, same or changed", async () => {
    const world = await run(4);
    await propose(world, 0, 1);
    await vote(world, 1, 1, true);
    for (const approve of [true, false]) {
      await expect(vote(world, 1, 1, approve))
        .to.be.revertedWithCustomError(world.ledger, "AlreadyVoted")
        .withArgs(person(world, 1).address);
    }
  });

  it("must name the open round", async () => {
    const world = await run(3);
    await propose(world, 0, 1);
    await expect(as(world, 1).vote(ID, 2, proposalOf(1).digest, true, 0))
      .to.be.revertedWithCustomError(world.ledger, "WrongRound")
      .withArgs(2, 1);
  });

  it("is refused before there is a proposal and before the start", async () => {
    const world = await run(3);
    await expect(vote(world, 1, 1, true))
      .to.be.revertedWithCustomError(world.ledger, "WrongPhase")
      .withArgs(Phase.Propose);
    const unstarted = await enrol(3);
    await expect(vote(unstarted, 1, 1, true))
      .to.be.revertedWithCustomError(unstarted.ledger, "WrongStatus")
      .withArgs(ID, Status.Enrolling);
  });

  it("is refused once the round is settled", async () => {
    const world = await run(4);
    await propose(world, 0, 1);
    await vote(world, 1, 1, true);
    await passDeadline(world);
    await world.ledger.advance(ID);
    await expect(vote(world, 2, 1, true))
      .to.be.revertedWithCustomError(world.ledger, "RoundClosed")
      .withArgs(1);
  });

  it("is refused in a skipped round, where the empty digest names its record", async () => {
    const world = await run(3);
    await passDeadline(world);
    await world.ledger.advance(ID);
    await expect(as(world, 1).vote(ID, 1, ethers.ZeroHash, true, 0))
      .to.be.revertedWithCustomError(world.ledger, "RoundClosed")
      .withArgs(1);
  });
});

describe("early decision", () => {
  const EARLY = { earlyDecision: true };

  it("settles as soon as enough approved, and closes the ballot", async () => {
    const world = await run(6, EARLY);
    await propose(world, 0, 1);
    await vote(world, 1, 1, true);
    await vote(world, 2, 1, true);
    expect((await snapshot(world)).round).to.equal(1n);
    await vote(world, 3, 1, true);
    expect((await snapshot(world)).round).to.equal(2n);
    expect((await world.ledger.getRound(ID, 1)).outcome).to.equal(Outcome.Accepted);
    await expect(vote(world, 4, 1, true))
      .to.be.revertedWithCustomError(world.ledger, "RoundClosed")
      .withArgs(1);
  });

  it("settles as soon as too many rejected", async () => {
    const world = await run(5, EARLY);
    await propose(world, 0, 1);
    await vote(world, 1, 1, true);
    await vote(world, 2, 1, false);
    expect((await snapshot(world)).round).to.equal(1n);
    await vote(world, 3, 1, false);
    expect((await world.ledger.getRound(ID, 1)).outcome).to.equal(Outcome.Rejected);
  });

  it("strikes nobody who had no time to vote", async () => {
    const world = await run(4, EARLY);
    await play(world, 0, 1, { 1: true, 2: true });
    await play(world, 1, 2, { 0: true, 2: true });
    await play(world, 2, 3, { 0: true, 1: true });
    const seen = await snapshot(world);
    expect(seen.active).to.equal(setOf(0, 1, 2, 3));
    expect(seen.proposer).to.equal(person(world, 3).address);
  });
});
