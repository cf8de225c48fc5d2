import { expect } from "chai";

import { Status } from "./ledger-contract.ts";
import {
  advanceLate,
  created,
  gain,
  held,
  join,
  opened,
  PENALTY,
  PER_ROUND,
  ROUNDS,
  running,
  runOut,
  STAKE,
  stakesAs,
} from "./stakes-world.ts";
import { as, configOf, deploy, ethers, ID, person, play } from "./world.ts";

const BUDGET = PER_ROUND * BigInt(ROUNDS);

describe("openTerms", () => {
  it("fixes the terms and takes the rewards of all rounds", async () => {
    const world = await created();
    await expect(world.stakes.openTerms(ID, world.terms))
      .to.emit(world.stakes, "TermsOpened")
      .withArgs(ID, world.coordinator.address, Object.values(world.terms), BUDGET);
    expect(await held(world)).to.equal(BUDGET);
    const fund = await world.stakes.getFund(ID);
    expect(fund.sponsor).to.equal(world.coordinator.address);
    expect(fund.terms.stake).to.equal(STAKE);
    expect(fund.rounds).to.equal(BigInt(ROUNDS));
    expect(await world.stakes.ledger()).to.equal(await world.ledger.getAddress());
  });

  it("is refused for an experiment that names another contract, or none, or does not exist", async () => {
    const world = await created({ stakes: ethers.ZeroAddress });
    await expect(world.stakes.openTerms(ID, world.terms))
      .to.be.revertedWithCustomError(world.stakes, "WrongStakes")
      .withArgs(ID, ethers.ZeroAddress);
    const other = person(world, 9).address;
    await world.ledger.createExperiment(await configOf({ stakes: other }));
    await expect(world.stakes.openTerms(2n, world.terms))
      .to.be.revertedWithCustomError(world.stakes, "WrongStakes")
      .withArgs(2n, other);
    await expect(world.stakes.openTerms(3n, world.terms)).to.be.revertedWithCustomError(
      world.ledger,
      "UnknownExperiment",
    );
  });

  it("is refused to anybody but the coordinator", async () => {
    const world = await created();
    await expect(world.stakes.connect(world.stranger).openTerms(ID, world.terms))
      .to.be.revertedWithCustomError(world.stakes, "NotCoordinator")
      .withArgs(world.stranger.address, world.coordinator.address);
  });

  it("is refused a second time", async () => {
    const world = await opened();
    await expect(world.stakes.openTerms(ID, world.terms))
      .to.be.revertedWithCustomError(world.stakes, "TermsAlreadyOpen")
      .withArgs(ID);
  });

  it("is refused where a suspension would take more than the stake", async () => {
    const world = await created();
    await expect(world.stakes.openTerms(ID, { ...world.terms, penalty: STAKE + 1n }))
      .to.be.revertedWithCustomError(world.stakes, "PenaltyAboveStake")
      .withArgs(STAKE + 1n, STAKE);
  });

  it("is refused after the enrolment", async () => {
    const world = await created();
    await world.ledger.cancelExperiment(ID);
    await expect(world.stakes.openTerms(ID, world.terms))
      .to.be.revertedWithCustomError(world.stakes, "WrongStatus")
      .withArgs(ID, Status.Cancelled);
  });
});

describe("an experiment whose terms are not open", () => {
  it("lets nobody stake nor join, so that its coordinator can only cancel it", async () => {
    const world = await created();
    const learner = person(world, 0).address;
    await expect(stakesAs(world, 0).stake(ID, learner))
      .to.be.revertedWithCustomError(world.stakes, "TermsNotOpen")
      .withArgs(ID);
    expect(await world.stakes.isStaked(ID, learner)).to.equal(false);
    await expect(join(world, 0))
      .to.be.revertedWithCustomError(world.ledger, "NotStaked")
      .withArgs(learner, await world.stakes.getAddress());
    await world.ledger.cancelExperiment(ID);
    await expect(world.stakes.refund(ID, 1)).to.be.revertedWithCustomError(world.stakes, "TermsNotOpen");
  });
});

describe("an experiment without stakes", () => {
  it("asks nobody, and pays nobody", async () => {
    const world = await created({ stakes: ethers.ZeroAddress });
    await join(world, 0);
    await expect(world.stakes.claim(ID, person(world, 0).address, 1)).to.be.revertedWithCustomError(
      world.stakes,
      "TermsNotOpen",
    );
  });
});

describe("stake", () => {
  it("lets its learner join", async () => {
    const world = await opened();
    const learner = person(world, 0);
    await expect(stakesAs(world, 0).stake(ID, learner.address))
      .to.emit(world.stakes, "Staked")
      .withArgs(ID, learner.address, learner.address, STAKE);
    expect(await held(world)).to.equal(BUDGET + STAKE);
    expect((await world.stakes.getAccount(ID, learner.address)).stake).to.equal(STAKE);
    await expect(join(world, 0)).to.emit(world.ledger, "Joined");
    await expect(join(world, 1)).to.be.revertedWithCustomError(world.ledger, "NotStaked");
  });

  it("may be paid by another, and belongs to the learner", async () => {
    const world = await opened();
    const learner = person(world, 0);
    await world.stakes.connect(world.stranger).stake(ID, learner.address);
    expect(await gain(world, world.stranger)).to.equal(-STAKE);
    await expect(world.stakes.connect(world.stranger).unstake(ID)).to.be.revertedWithCustomError(
      world.stakes,
      "NoStake",
    );
    await stakesAs(world, 0).unstake(ID);
    expect(await gain(world, learner)).to.equal(STAKE);
  });

  it("is refused a second time", async () => {
    const world = await opened();
    const { address } = person(world, 0);
    await stakesAs(world, 0).stake(ID, address);
    await expect(stakesAs(world, 0).stake(ID, address))
      .to.be.revertedWithCustomError(world.stakes, "AlreadyStaked")
      .withArgs(address);
  });

  it("is refused for a learner that joined and lost its stake", async () => {
    const world = await running(2, { penalty: STAKE });
    await runOut(world);
    const { address } = person(world, 0);
    await world.stakes.penalise(ID, address);
    await expect(stakesAs(world, 0).stake(ID, address))
      .to.be.revertedWithCustomError(world.stakes, "StakeLocked")
      .withArgs(address);
  });

  it("is not needed where the terms ask for none", async () => {
    const world = await opened({ stake: 0n, penalty: 0n });
    const { address } = person(world, 0);
    expect(await world.stakes.isStaked(ID, address)).to.equal(true);
    await expect(stakesAs(world, 0).stake(ID, address)).to.be.revertedWithCustomError(world.stakes, "AlreadyStaked");
    await expect(join(world, 0)).to.emit(world.ledger, "Joined");
  });

  it("lets a learner join during the run", async () => {
    const world = await running(2);
    await stakesAs(world, 2).stake(ID, person(world, 2).address);
    await expect(join(world, 2)).to.emit(world.ledger, "Joined");
  });
});

describe("unstake", () => {
  it("gives the stake back to who has not joined, who cannot join then", async () => {
    const world = await opened();
    const learner = person(world, 0);
    await stakesAs(world, 0).stake(ID, learner.address);
    await expect(stakesAs(world, 0).unstake(ID)).to.emit(world.stakes, "Unstaked").withArgs(ID, learner.address, STAKE);
    expect(await gain(world, learner)).to.equal(0n);
    await expect(join(world, 0)).to.be.revertedWithCustomError(world.ledger, "NotStaked");
    await expect(stakesAs(world, 0).unstake(ID))
      .to.be.revertedWithCustomError(world.stakes, "NoStake")
      .withArgs(learner.address);
  });

  it("is refused to a learner that joined, after it left and after the end too", async () => {
    const world = await running(3);
    const { address } = person(world, 2);
    const refused = () =>
      expect(stakesAs(world, 2).unstake(ID))
        .to.be.revertedWithCustomError(world.stakes, "StakeLocked")
        .withArgs(address);
    await refused();
    await as(world, 2).leaveExperiment(ID);
    await refused();
    await runOut(world);
    await refused();
  });
});

describe("withdraw", () => {
  it("is refused while the experiment goes on", async () => {
    const world = await running(2);
    await expect(stakesAs(world, 0).withdraw(ID, person(world, 0).address))
      .to.be.revertedWithCustomError(world.stakes, "WrongStatus")
      .withArgs(ID, Status.Running);
  });

  it("pays the whole stake of a learner that was never suspended, to it, whoever asks, once", async () => {
    const world = await running(2);
    for (let round = 1; round <= ROUNDS; round += 1) {
      const proposer = (round - 1) % 2;
      await play(world, proposer, round, { [1 - proposer]: true });
    }
    const learner = person(world, 0);
    await expect(world.stakes.connect(world.stranger).withdraw(ID, learner.address))
      .to.emit(world.stakes, "Withdrawn")
      .withArgs(ID, learner.address, STAKE);
    expect(await gain(world, learner)).to.equal(0n);
    await expect(world.stakes.withdraw(ID, learner.address))
      .to.be.revertedWithCustomError(world.stakes, "NoStake")
      .withArgs(learner.address);
  });

  it("pays it whole after a cancellation", async () => {
    const world = await opened();
    await stakesAs(world, 0).stake(ID, person(world, 0).address);
    await stakesAs(world, 1).stake(ID, person(world, 1).address);
    await join(world, 0);
    await world.ledger.cancelExperiment(ID);
    for (const index of [0, 1]) {
      await world.stakes.withdraw(ID, person(world, index).address);
      expect(await gain(world, person(world, index))).to.equal(0n);
    }
    expect(await held(world)).to.equal(BUDGET);
  });

  it("keeps the penalty of each suspension for the sponsor", async () => {
    const world = await running(4);
    const absent = person(world, 3);
    await play(world, 0, 1, { 1: true, 2: true });
    await advanceLate(world);
    await play(world, 1, 2, { 0: true, 2: true });
    await advanceLate(world);
    await play(world, 2, 3, { 0: true, 1: true });
    await play(world, 0, 4, { 1: true, 2: true });
    const sent = world.stakes.withdraw(ID, absent.address);
    await expect(sent).to.emit(world.stakes, "Penalised").withArgs(ID, absent.address, 1, PENALTY);
    await expect(sent)
      .to.emit(world.stakes, "Withdrawn")
      .withArgs(ID, absent.address, STAKE - PENALTY);
    expect(await gain(world, absent)).to.equal(-PENALTY);
    expect((await world.stakes.getFund(ID)).forfeited).to.equal(PENALTY);
  });
});

describe("penalise", () => {
  it("takes the penalty once, without paying the learner, who withdraws the rest later", async () => {
    const world = await running(2);
    await runOut(world);
    const { address } = person(world, 0);
    await expect(world.stakes.penalise(ID, address))
      .to.emit(world.stakes, "Penalised")
      .withArgs(ID, address, 1, PENALTY);
    await expect(world.stakes.penalise(ID, address))
      .to.be.revertedWithCustomError(world.stakes, "AlreadyPenalised")
      .withArgs(address);
    await expect(world.stakes.withdraw(ID, address)).to.not.emit(world.stakes, "Penalised");
    expect(await gain(world, { address })).to.equal(-PENALTY);
  });

  it("takes no more than the stake, however often the learner was suspended", async () => {
    const world = await running(2, { penalty: STAKE - 1n });
    const absent = person(world, 1);
    // The learner resumes after each suspension, and misses two duties again.
    await play(world, 0, 1, {});
    await advanceLate(world);
    await advanceLate(world);
    await as(world, 1).resume(ID);
    await play(world, 0, 3, {});
    await advanceLate(world);
    await advanceLate(world);
    expect((await world.ledger.getLearner(ID, absent.address)).suspensions).to.equal(2n);
    await expect(world.stakes.penalise(ID, absent.address))
      .to.emit(world.stakes, "Penalised")
      .withArgs(ID, absent.address, 2, STAKE);
    await expect(world.stakes.withdraw(ID, absent.address)).to.be.revertedWithCustomError(world.stakes, "NoStake");
    await world.stakes.refund(ID, 0);
    expect(await gain(world, world.coordinator)).to.equal(STAKE - BUDGET);
  });

  it("leaves nothing to pay where a learner withdraws a stake that its suspensions used up", async () => {
    const world = await running(2, { penalty: STAKE });
    await runOut(world);
    const { address } = person(world, 0);
    await expect(world.stakes.withdraw(ID, address)).to.emit(world.stakes, "Withdrawn").withArgs(ID, address, 0);
    expect((await world.stakes.getFund(ID)).forfeited).to.equal(STAKE);
  });

  it("is refused while the experiment goes on", async () => {
    const world = await running(2);
    await expect(world.stakes.penalise(ID, person(world, 0).address))
      .to.be.revertedWithCustomError(world.stakes, "WrongStatus")
      .withArgs(ID, Status.Running);
  });
});

describe("a stakes contract of another ledger", () => {
  it("does not know this one's experiments", async () => {
    const world = await created();
    const foreign = await ethers.deployContract("Stakes", [await (await deploy()).ledger.getAddress()]);
    await expect(foreign.getFunction("openTerms")(ID, world.terms)).to.be.revertedWithCustomError(
      world.ledger,
      "UnknownExperiment",
    );
  });
});
