import { expect } from "chai";

import {
  created,
  gain,
  held,
  opened,
  PER_ROUND,
  PROPOSAL_REWARD,
  ROUNDS,
  running,
  STAKE,
  stakesAs,
} from "./stakes-world.ts";
import { CONTACT, ethers, ID, NO_INVITATION, NO_LINK, person, play } from "./world.ts";

const BUDGET = PER_ROUND * BigInt(ROUNDS);

describe("a token that takes a fee", () => {
  it("is refused as budget and as stake, with what was asked and what came", async () => {
    const world = await created({}, "FeeToken");
    await expect(world.stakes.openTerms(ID, world.terms))
      .to.be.revertedWithCustomError(world.stakes, "WrongAmount")
      .withArgs(world.terms.token, BUDGET, BUDGET - BUDGET / 100n);
    await world.stakes.openTerms(ID, { ...world.terms, proposalReward: 0n, voteReward: 0n });
    await expect(stakesAs(world, 0).stake(ID, person(world, 0).address))
      .to.be.revertedWithCustomError(world.stakes, "WrongAmount")
      .withArgs(world.terms.token, STAKE, STAKE - STAKE / 100n);
    expect(await world.stakes.isStaked(ID, person(world, 0).address)).to.equal(false);
  });
});

describe("a token that returns false", () => {
  it("is refused where it should pay in", async () => {
    const world = await created({}, "FalseToken");
    await world.token.fail!();
    await expect(world.stakes.openTerms(ID, world.terms))
      .to.be.revertedWithCustomError(world.stakes, "SafeERC20FailedOperation")
      .withArgs(world.terms.token);
  });

  it("leaves what it should have paid out as it was owed", async () => {
    const world = await opened({}, {}, "FalseToken");
    const { address } = person(world, 0);
    await stakesAs(world, 0).stake(ID, address);
    await world.token.fail!();
    await expect(stakesAs(world, 0).unstake(ID)).to.be.revertedWithCustomError(
      world.stakes,
      "SafeERC20FailedOperation",
    );
    expect((await world.stakes.getAccount(ID, address)).stake).to.equal(STAKE);
  });
});

describe("an address that is no token", () => {
  it("is refused", async () => {
    const world = await created();
    await expect(world.stakes.openTerms(ID, { ...world.terms, token: world.stranger.address })).to.be.revert(ethers);
  });
});

describe("a token that calls back while it transfers", () => {
  /** Each call that pays, repeated by the token in the midst of itself. */
  const calls = ["claim", "withdraw", "refund", "penalise", "stake"] as const;

  for (const inner of calls) {
    it(`gets nothing by calling ${inner} in a withdrawal, a claim and a refund`, async () => {
      const world = await running(2, {}, "ReentrantToken");
      for (let round = 1; round <= ROUNDS; round += 1) {
        const proposer = (round - 1) % 2;
        await play(world, proposer, round, { [1 - proposer]: round < ROUNDS });
      }
      const [one, two] = [person(world, 0), person(world, 1)];
      const call =
        inner === "claim"
          ? world.stakes.interface.encodeFunctionData(inner, [ID, one.address, ROUNDS])
          : inner === "refund"
            ? world.stakes.interface.encodeFunctionData(inner, [ID, ROUNDS])
            : world.stakes.interface.encodeFunctionData(inner, [ID, one.address]);
      const stakes = await world.stakes.getAddress();
      await world.token.arm!(stakes, stakes, call);
      await world.stakes.withdraw(ID, one.address);
      await world.stakes.claim(ID, one.address, ROUNDS);
      await world.stakes.refund(ID, ROUNDS);
      expect(await world.token.attempts!()).to.equal(3n);
      expect(await world.token.refusals!()).to.equal(3n);
      expect(await world.token.refusal!()).to.equal(
        world.stakes.interface.encodeErrorResult("ReentrancyGuardReentrantCall"),
      );
      // All but the last round were accepted: nobody earned its proposal's reward.
      expect(await gain(world, one)).to.equal(2n * PER_ROUND);
      expect(await gain(world, world.coordinator)).to.equal(PROPOSAL_REWARD - BUDGET);
      await world.stakes.withdraw(ID, two.address);
      await world.stakes.claim(ID, two.address, ROUNDS);
      expect(await held(world)).to.equal(0n);
    });
  }

  it("cannot have its holder join on a stake that is on its way out", async () => {
    const world = await opened({}, {}, "ReentrantToken");
    const learner = await world.token.getAddress();
    // The token itself is the learner: it unstakes and, while it is paid, joins.
    await stakesAs(world, 0).stake(ID, learner);
    const join = world.ledger.interface.encodeFunctionData("join", [ID, CONTACT, NO_LINK, NO_INVITATION]);
    const unstake = world.stakes.interface.encodeFunctionData("unstake", [ID]);
    await world.token.arm!(await world.stakes.getAddress(), await world.ledger.getAddress(), join);
    await world.token.execute!(await world.stakes.getAddress(), unstake);
    expect(await world.token.attempts!()).to.equal(1n);
    expect(await world.token.refusal!()).to.equal(
      world.ledger.interface.encodeErrorResult("NotStaked", [learner, await world.stakes.getAddress()]),
    );
    expect((await world.ledger.getLearner(ID, learner)).member).to.equal(false);
    expect(await world.token.balanceOf(learner)).to.equal(STAKE);
  });
});
