import { expect } from "chai";

import { Status } from "./ledger-contract.ts";
import {
  advanceLate,
  gain,
  held,
  join,
  opened,
  PENALTY,
  PER_ROUND,
  PROPOSAL_REWARD,
  ROUNDS,
  running,
  runOut,
  STAKE,
  stakesAs,
  VOTE_REWARD,
  type StakesWorld,
} from "./stakes-world.ts";
import { as, ID, person, play, propose } from "./world.ts";

const BUDGET = PER_ROUND * BigInt(ROUNDS);

/** What a person gained by rewards, its stake being still there. */
async function rewards(world: StakesWorld, index: number): Promise<bigint> {
  return (await gain(world, person(world, index))) + STAKE;
}

describe("claim", () => {
  it("pays the proposer of an accepted proposal, and the voters who approved it", async () => {
    const world = await running(4);
    await play(world, 0, 1, { 1: true, 2: true, 3: false });
    for (const index of [0, 1, 2, 3]) await world.stakes.claim(ID, person(world, index).address, 1);
    expect(await rewards(world, 0)).to.equal(PROPOSAL_REWARD);
    expect(await rewards(world, 1)).to.equal(VOTE_REWARD / 2n);
    expect(await rewards(world, 2)).to.equal(VOTE_REWARD / 2n);
    expect(await rewards(world, 3)).to.equal(0n);
  });

  it("pays the voters who rejected a rejected proposal, and its proposer nothing", async () => {
    const world = await running(4);
    await play(world, 0, 1, { 1: true, 2: false, 3: false });
    for (const index of [0, 1, 2, 3]) await world.stakes.claim(ID, person(world, index).address, 1);
    expect(await rewards(world, 0)).to.equal(0n);
    expect(await rewards(world, 1)).to.equal(0n);
    expect(await rewards(world, 2)).to.equal(VOTE_REWARD / 2n);
    expect(await rewards(world, 3)).to.equal(VOTE_REWARD / 2n);
  });

  it("pays absent voters and skipped rounds nothing", async () => {
    const world = await running(3);
    await play(world, 0, 1, { 1: false });
    await advanceLate(world);
    await advanceLate(world);
    for (const index of [0, 1, 2]) await world.stakes.claim(ID, person(world, index).address, 2);
    expect(await rewards(world, 0)).to.equal(0n);
    expect(await rewards(world, 1)).to.equal(VOTE_REWARD);
    expect(await rewards(world, 2)).to.equal(0n);
  });

  it("pays several rounds at once, to the learner, whoever asks", async () => {
    const world = await running(3);
    await play(world, 0, 1, { 1: true, 2: true });
    await play(world, 1, 2, { 0: true, 2: true });
    const { address } = person(world, 0);
    const reward = PROPOSAL_REWARD + VOTE_REWARD / 2n;
    await expect(world.stakes.connect(world.stranger).claim(ID, address, 2))
      .to.emit(world.stakes, "Rewarded")
      .withArgs(ID, address, 2, reward);
    expect(await rewards(world, 0)).to.equal(reward);
    expect((await world.stakes.getAccount(ID, address)).claimedThrough).to.equal(2n);
  });

  it("pays no round twice", async () => {
    const world = await running(3);
    await play(world, 0, 1, { 1: true, 2: true });
    await play(world, 1, 2, { 0: true, 2: true });
    const { address } = person(world, 2);
    await world.stakes.claim(ID, address, 1);
    await world.stakes.claim(ID, address, 2);
    expect(await rewards(world, 2)).to.equal(VOTE_REWARD);
    for (const round of [0, 1, 2]) {
      await expect(world.stakes.claim(ID, address, round))
        .to.be.revertedWithCustomError(world.stakes, "NothingDue")
        .withArgs(round, 2);
    }
  });

  it("is refused for a round that is open, or has not opened", async () => {
    const world = await running(3);
    const { address } = person(world, 1);
    await expect(world.stakes.claim(ID, address, 1))
      .to.be.revertedWithCustomError(world.stakes, "RoundOpen")
      .withArgs(ID, 1);
    await propose(world, 0, 1);
    await expect(world.stakes.claim(ID, address, 1)).to.be.revertedWithCustomError(world.stakes, "RoundOpen");
    await expect(world.stakes.claim(ID, address, 2)).to.be.revertedWithCustomError(world.stakes, "RoundOpen");
    await advanceLate(world);
    await expect(world.stakes.claim(ID, address, 3)).to.be.revertedWithCustomError(world.stakes, "RoundOpen");
  });

  it("is refused for who never joined, also where the first learner earned", async () => {
    const world = await running(3);
    await play(world, 0, 1, { 1: true, 2: true });
    await expect(world.stakes.claim(ID, world.stranger.address, 1))
      .to.be.revertedWithCustomError(world.stakes, "NotLearner")
      .withArgs(world.stranger.address);
  });

  it("pays a learner that left, and one that joined later", async () => {
    const world = await running(3);
    await stakesAs(world, 3).stake(ID, person(world, 3).address);
    await join(world, 3);
    await play(world, 0, 1, { 1: true, 2: true });
    await as(world, 2).leaveExperiment(ID);
    await play(world, 1, 2, { 0: true, 2: true, 3: true });
    for (const index of [2, 3]) await world.stakes.claim(ID, person(world, index).address, 2);
    expect(await rewards(world, 2)).to.equal(VOTE_REWARD / 2n + VOTE_REWARD / 3n);
    expect(await rewards(world, 3)).to.equal(VOTE_REWARD / 3n);
  });
});

describe("refund", () => {
  it("is refused while the experiment goes on", async () => {
    const world = await running(2);
    await expect(world.stakes.refund(ID, ROUNDS))
      .to.be.revertedWithCustomError(world.stakes, "WrongStatus")
      .withArgs(ID, Status.Running);
  });

  it("pays the whole budget back after a cancellation", async () => {
    const world = await opened();
    await world.ledger.cancelExperiment(ID);
    await expect(world.stakes.connect(world.stranger).refund(ID, ROUNDS))
      .to.emit(world.stakes, "Refunded")
      .withArgs(ID, world.coordinator.address, ROUNDS, BUDGET);
    expect(await gain(world, world.coordinator)).to.equal(0n);
    expect(await held(world)).to.equal(0n);
  });

  it("pays what nobody earned, dust included, and leaves what learners have not claimed", async () => {
    const world = await running(4);
    await play(world, 0, 1, { 1: true, 2: true, 3: true }); // accepted: three share 20, 2 are dust
    await play(world, 1, 2, { 0: false, 2: false, 3: false }); // rejected: the same, and no proposal reward
    await play(world, 2, 3, {}); // nobody votes: rejected, nobody earns
    await advanceLate(world);
    await advanceLate(world); // skipped
    const unearned = 2n + (PROPOSAL_REWARD + 2n) + PER_ROUND + PER_ROUND;
    await expect(world.stakes.refund(ID, ROUNDS))
      .to.emit(world.stakes, "Refunded")
      .withArgs(ID, world.coordinator.address, ROUNDS, unearned);
    for (const index of [0, 1, 2, 3]) await world.stakes.claim(ID, person(world, index).address, ROUNDS);
    expect(await rewards(world, 0)).to.equal(PROPOSAL_REWARD + VOTE_REWARD / 3n);
    expect(await rewards(world, 1)).to.equal(VOTE_REWARD / 3n);
    expect(await held(world)).to.equal(4n * STAKE);
  });

  it("pays in parts, each round once", async () => {
    const world = await running(3);
    await play(world, 0, 1, { 1: false, 2: false });
    await play(world, 1, 2, { 0: true, 2: true });
    await runOut(world);
    await world.stakes.refund(ID, 1);
    expect(await gain(world, world.coordinator)).to.equal(PROPOSAL_REWARD - BUDGET);
    await expect(world.stakes.refund(ID, 1)).to.be.revertedWithCustomError(world.stakes, "NothingDue").withArgs(1, 1);
    await world.stakes.refund(ID, 3);
    await world.stakes.refund(ID, ROUNDS);
    expect(await gain(world, world.coordinator)).to.equal(PROPOSAL_REWARD + 2n * PER_ROUND - BUDGET);
    await expect(world.stakes.refund(ID, ROUNDS + 10))
      .to.be.revertedWithCustomError(world.stakes, "NothingDue")
      .withArgs(ROUNDS + 10, ROUNDS);
  });

  it("pays rounds that were never played, in parts too", async () => {
    const world = await running(2);
    await as(world, 0).leaveExperiment(ID);
    await runOut(world); // round 1 skipped, then a pause until its limit: rounds 2 to 4 are never played
    await world.stakes.refund(ID, 2);
    expect(await gain(world, world.coordinator)).to.equal(2n * PER_ROUND - BUDGET);
    await world.stakes.refund(ID, 3);
    expect(await gain(world, world.coordinator)).to.equal(3n * PER_ROUND - BUDGET);
    await world.stakes.refund(ID, 100);
    expect(await gain(world, world.coordinator)).to.equal(0n);
  });

  it("pays penalties that were reckoned after the last round was paid back, once", async () => {
    const world = await running(2);
    await runOut(world);
    await world.stakes.refund(ID, ROUNDS);
    await world.stakes.withdraw(ID, person(world, 0).address);
    await expect(world.stakes.refund(ID, 0))
      .to.emit(world.stakes, "Refunded")
      .withArgs(ID, world.coordinator.address, ROUNDS, PENALTY);
    await expect(world.stakes.refund(ID, 0))
      .to.be.revertedWithCustomError(world.stakes, "NothingDue")
      .withArgs(0, ROUNDS);
    await world.stakes.withdraw(ID, person(world, 1).address);
    expect(await gain(world, person(world, 1))).to.equal(0n);
    expect(await held(world)).to.equal(0n);
  });
});
