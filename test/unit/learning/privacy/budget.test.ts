import { expect } from "chai";

import type { PrivacyCost } from "../../../../src/learning/interface.ts";
import { runLocal, trainAlone, type LocalRound } from "../../../../src/learning/local-driver.ts";
import { epsilonOf } from "../../../../src/learning/privacy/accountant.ts";
import {
  BudgetedLearner,
  isBudgetSpent,
  MemorySpendings,
  requirePrivate,
  type Spendings,
} from "../../../../src/learning/privacy/budget.ts";
import { PlusOneLearner, valueOf } from "../plus-one-learner.ts";
import { PrivateLearner } from "./private-learner.ts";

const DELTA = 1e-5;
const cost: PrivacyCost = { sampleRate: 0.1, noiseMultiplier: 1, steps: 10 };
/** The ε of so many trainings. */
const epsilonAfter = (trainings: number) => epsilonOf(Array<PrivacyCost>(trainings).fill(cost), DELTA);
const allowing = (trainings: number) => ({ epsilon: epsilonAfter(trainings), delta: DELTA });
const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

describe("a learner with a budget of privacy", () => {
  it("trains as long as the budget lasts, and tells in each summary what was spent so far", async () => {
    const learner = new BudgetedLearner(new PrivateLearner(), allowing(3), new MemorySpendings());
    for (const round of [1, 2, 3]) {
      const { summary, tensors } = await learner.proposeWeights(round);
      expect(summary).to.deep.equal({ epsilon: epsilonAfter(round), delta: DELTA });
      expect(valueOf({ tensors })).to.equal(1);
    }
    expect(learner.epsilon).to.equal(epsilonAfter(3));
  });

  it("does not begin a training that would spend more than is left, and charges nothing for it", async () => {
    const inner = new PrivateLearner();
    const spendings = new MemorySpendings();
    const learner = new BudgetedLearner(inner, allowing(2), spendings);
    await learner.proposeWeights(1);
    await learner.proposeWeights(2);
    const failure = await failureOf(learner.proposeWeights(3));
    expect(isBudgetSpent(failure)).to.equal(true);
    expect(failure)
      .to.have.property("message")
      .that.includes(`of ${epsilonAfter(2)}`);
    expect(inner.calls).to.deep.equal(["propose 1", "propose 2"]);
    expect(spendings.list()).to.have.length(2);
  });

  it("asks for the cost before each training: a cheaper one may still be within the budget", async () => {
    const inner = new PrivateLearner();
    const learner = new BudgetedLearner(inner, allowing(2), new MemorySpendings());
    await learner.proposeWeights(1);
    inner.cost = { ...cost, steps: 11 };
    expect(isBudgetSpent(await failureOf(learner.proposeWeights(2)))).to.equal(true);
    inner.cost = { ...cost, steps: 9 };
    const { summary } = await learner.proposeWeights(3);
    expect(summary?.epsilon).to.equal(epsilonOf([{ ...cost, steps: 19 }], DELTA));
  });

  it("has written the spending down before it trains, and does not train where it cannot be written", async () => {
    const events: string[] = [];
    const inner = new PrivateLearner();
    inner.proposeWeights = async (round) => {
      events.push(`train ${round}`);
      throw new Error("killed");
    };
    const spendings: Spendings = {
      list: () => [],
      record: (round) => {
        if (round === 2) throw new Error("the disk is full");
        events.push(`record ${round}`);
      },
    };
    const learner = new BudgetedLearner(inner, allowing(5), spendings);
    await failureOf(learner.proposeWeights(1));
    expect(await failureOf(learner.proposeWeights(2))).to.have.property("message", "the disk is full");
    expect(events).to.deep.equal(["record 1", "train 1"]);
  });

  it("keeps a training charged that broke off", async () => {
    const inner = new PrivateLearner();
    const learner = new BudgetedLearner(inner, allowing(2), new MemorySpendings());
    await failureOf(learner.proposeWeights(1, { signal: AbortSignal.abort() }));
    const { summary } = await learner.proposeWeights(2);
    expect(summary?.epsilon).to.equal(epsilonAfter(2));
    expect(isBudgetSpent(await failureOf(learner.proposeWeights(3)))).to.equal(true);
  });

  it("does not try and pay again in the round in which a training broke off, but in its next", async () => {
    const inner = new PrivateLearner();
    const train = inner.proposeWeights.bind(inner);
    inner.proposeWeights = async () => {
      throw new Error("out of memory");
    };
    const spendings = new MemorySpendings();
    const learner = new BudgetedLearner(inner, allowing(3), spendings);
    expect(await failureOf(learner.proposeWeights(1))).to.include({ message: "out of memory" });
    inner.proposeWeights = train;
    expect(isBudgetSpent(await failureOf(learner.proposeWeights(1)))).to.equal(true);
    expect(spendings.list()).to.have.lengthOf(1);
    expect((await learner.proposeWeights(4)).summary?.epsilon).to.equal(epsilonAfter(2));
  });

  it("gives what it trained again to who asks again in the same round, and charges it once", async () => {
    const inner = new PrivateLearner();
    const learner = new BudgetedLearner(inner, allowing(2), new MemorySpendings());
    const weights = await learner.proposeWeights(1);
    expect(await learner.proposeWeights(1)).to.equal(weights);
    expect(learner.epsilon).to.equal(epsilonAfter(1));
    // From other weights, it is another training.
    await learner.acceptWeights(weights);
    expect(valueOf(await learner.proposeWeights(1))).to.equal(2);
    expect(learner.epsilon).to.equal(epsilonAfter(2));
  });

  it("goes on from what was spent before it was made", async () => {
    const spendings = new MemorySpendings();
    await new BudgetedLearner(new PrivateLearner(), allowing(3), spendings).proposeWeights(1);
    const { summary } = await new BudgetedLearner(new PrivateLearner(), allowing(3), spendings).proposeWeights(2);
    expect(summary?.epsilon).to.equal(epsilonAfter(2));
  });

  it("is refused where training is not private", async () => {
    const learner = new BudgetedLearner(new PlusOneLearner(), allowing(1), new MemorySpendings());
    expect(await failureOf(learner.proposeWeights(1))).to.have.property("code", "not-private");
    expect(await failureOf(requirePrivate(new PlusOneLearner()))).to.have.property("name", "UserError");
  });

  it("evaluates, accepts and tells its weights and model as the learner in it does", async () => {
    const inner = new PrivateLearner();
    const learner = new BudgetedLearner(inner, allowing(1), new MemorySpendings());
    const weights = await learner.proposeWeights(1);
    expect((await learner.testWeights(weights)).voteScore).to.equal(0.1);
    await learner.acceptWeights(weights);
    expect(await learner.currentWeights()).to.equal(weights);
    expect((await learner.currentModel()).format).to.equal("plus-one");
    expect(await learner.privacyCost()).to.deep.equal(cost);
    await learner.dispose();
    expect(inner.calls).to.deep.equal(["propose 1", "test 1", "accept 1", "dispose"]);
  });
});

describe("the local driver with budgets of privacy", () => {
  const team = (...trainings: number[]) =>
    trainings.map((number) => new BudgetedLearner(new PrivateLearner(), allowing(number), new MemorySpendings()));

  it("skips the round of a learner that has spent its budget, and goes on with the others", async () => {
    const rounds: LocalRound[] = [];
    for await (const round of runLocal({ learners: team(1, 3), rounds: 6, approvalBps: 5000 })) rounds.push(round);
    const expected = ["accepted", "accepted", "skipped", "accepted", "skipped", "accepted"];
    expect(rounds.map(({ outcome }) => outcome)).to.deep.equal(expected);
    const spent = [1, 1, undefined, 2, undefined, 3].map((trainings) => trainings && epsilonAfter(trainings));
    expect(rounds.map(({ epsilon }) => epsilon)).to.deep.equal(spent);
    expect(rounds[2]?.votes.map(({ approve }) => approve)).to.deep.equal([null, null]);
  });

  it("has who trains alone end with the weights that its budget paid for", async () => {
    const learners = team(2, 4);
    await trainAlone({ learners, rounds: 4 });
    expect(await Promise.all(learners.map(async (one) => valueOf(await one.currentWeights())))).to.deep.equal([2, 4]);
  });
});
