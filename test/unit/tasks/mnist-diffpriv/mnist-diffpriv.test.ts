import { expect } from "chai";

import { MemorySpendings, BudgetedLearner } from "../../../../src/learning/privacy/budget.ts";
import { mnistDiffpriv } from "../../../../src/tasks/mnist-diffpriv/mnist-diffpriv.ts";
import { createTaskLearner, startTaskLearner } from "../../../../src/tasks/task-learner.ts";

/** A hundredth of the data and one step a proposal. */
const options = {
  task: "mnist-diffpriv",
  params: { stepsPerProposal: 1, batchSize: 4, noiseMultiplier: 0.7 },
  shard: { index: 3, learners: 100, split: "iid", seed: 42, trainRatio: 0.9 },
  seed: 42,
  metric: mnistDiffpriv.metric,
  backend: "wasm",
} as const;

describe("the task mnist-diffpriv", function () {
  this.timeout(60_000);

  it("has the settings of colearn's examples, and a budget", () => {
    expect(mnistDiffpriv.defaults).to.deep.equal({
      learningRate: 0.001,
      batchSize: 64,
      stepsPerProposal: 100,
      clippingNorm: 1.5,
      noiseMultiplier: 1.3,
    });
    expect(mnistDiffpriv.privacy).to.deep.equal({ epsilon: 1, delta: 1e-5 });
  });

  it("tells from a worker thread what a training costs, by the manifest's noise and the learner's own shard", async () => {
    const learner = await startTaskLearner(options);
    try {
      expect(await learner.privacyCost?.()).to.deep.equal({ sampleRate: 4 / 540, noiseMultiplier: 0.7, steps: 1 });
    } finally {
      await learner.dispose();
    }
  });

  it("declares what was spent with each proposal", async () => {
    const { learner } = await createTaskLearner(options);
    const budgeted = new BudgetedLearner(learner, { epsilon: 5, delta: 1e-5 }, new MemorySpendings());
    const [first, second] = [await budgeted.proposeWeights(1), await budgeted.proposeWeights(2)];
    expect(first.summary).to.include({ steps: 1, samples: 4, delta: 1e-5 });
    expect(second.summary?.epsilon).to.be.above(first.summary!.epsilon!);
    await budgeted.dispose();
  });
});
