import { expect } from "chai";

import { Ballot, Outcome, Phase, Status } from "./ledger-contract.ts";
import { advanceLate, proposed, SEALED, sealed, struckOf } from "./sealed-world.ts";
import {
  crowd,
  ethers,
  HOUR,
  ID,
  loadFixture,
  NO_LINK,
  person,
  propose,
  proposalOf,
  reveal,
  run,
  seal,
  setOf,
  snapshot,
  vote,
} from "./world.ts";

const { digest } = proposalOf(1);

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
