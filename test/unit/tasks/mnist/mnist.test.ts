import { expect } from "chai";

import { digestOf } from "../../../../src/learning/scores.ts";
import { useBackend } from "../../../../src/learning/tfjs/backend.ts";
import { modelFromTopology } from "../../../../src/learning/tfjs/learner.ts";
import { mnist } from "../../../../src/tasks/mnist/mnist.ts";
import type { TaskLearnerOptions } from "../../../../src/tasks/task-learner.ts";
import { createTaskLearner, startTaskLearner } from "../../../../src/tasks/task-learner.ts";

/** A hundredth of the data and two steps a proposal. */
const options: TaskLearnerOptions = {
  task: "mnist",
  params: { stepsPerProposal: 2 },
  shard: { index: 3, learners: 100, split: "iid", seed: 42, trainRatio: 0.9 },
  seed: 42,
  metric: mnist.metric,
  backend: "wasm",
};

describe("the task mnist", function () {
  this.timeout(60_000);

  describe("its model", () => {
    before(() => useBackend("wasm"));

    it("is that of colearn's Keras example", async () => {
      const { weights } = await mnist.createModel({}, 42);
      expect(Object.fromEntries(weights.tensors.map(({ name, shape }) => [name, shape.join()]))).to.deep.equal({
        "Conv1_1/kernel": "5,5,1,32",
        "Conv1_1/bias": "32",
        "Conv2_1/kernel": "5,5,32,32",
        "Conv2_1/bias": "32",
        "Conv3_1/kernel": "5,5,32,64",
        "Conv3_1/bias": "64",
        "fc1/kernel": "576,64",
        "fc1/bias": "64",
        "fc2/kernel": "64,10",
        "fc2/bias": "10",
      });
      expect(weights.tensors.reduce((sum, { data }) => sum + data.length, 0)).to.equal(115_306);
    });

    it("starts from the same weights in every process for the same seed, and from others for another", async () => {
      const { weights } = await mnist.createModel({}, 42);
      expect(digestOf(weights)).to.equal("f5d7dc10b905914a3bbff78e4575d7fe2a7317624abae2e18fac364dd737592b");
      expect(digestOf((await mnist.createModel({}, 43)).weights)).not.to.equal(digestOf(weights));
    });

    it("has different weights in each layer, of the size that Glorot and Bengio give", async () => {
      const { weights } = await mnist.createModel({}, 42);
      const conv2 = weights.tensors.find(({ name }) => name === "Conv2_1/kernel")?.data as Float32Array;
      const limit = Math.sqrt(6 / (25 * 32 + 25 * 32));
      expect(Math.max(...conv2)).to.be.within(limit * 0.99, limit);
      expect(Math.min(...conv2)).to.be.within(-limit, -limit * 0.99);
      const starts = weights.tensors.filter(({ name }) => name.endsWith("kernel")).map(({ data }) => data[0]);
      expect(new Set(starts)).to.have.lengthOf(5);
    });

    it("has a topology that stands for the same layers", async () => {
      const { topology, weights } = await mnist.createModel({}, 42);
      const model = await modelFromTopology(JSON.parse(JSON.stringify(topology)));
      expect(model.weights.map(({ originalName }) => originalName)).to.deep.equal(
        weights.tensors.map(({ name }) => name),
      );
      expect(model.countParams()).to.equal(115_306);
      model.dispose();
    });
  });

  it("makes the same learner in a worker thread as in this one", async () => {
    const { learner: here, info } = await createTaskLearner(options);
    const there = await startTaskLearner(options);
    try {
      expect(there.info).to.deep.equal(info);
      expect(there.info.backend.description).to.contain("wasm");
      expect(await there.currentModel()).to.deep.equal(await here.currentModel());
      const proposal = await there.proposeWeights(5);
      expect(proposal.summary).to.deep.equal({ steps: 2, samples: 64 });
      expect(digestOf(proposal)).to.equal(digestOf(await here.proposeWeights(5)));
      expect(await there.testWeights(proposal)).to.deep.equal(await here.testWeights(proposal));
    } finally {
      await there.dispose();
      await here.dispose();
    }
  });

  it("gives learners with other numbers other batches of other data", async () => {
    const digests: string[] = [];
    for (const index of [0, 1]) {
      const { learner } = await createTaskLearner({ ...options, shard: { ...options.shard, index } });
      digests.push(digestOf(await learner.proposeWeights(1)));
      await learner.dispose();
    }
    expect(digests[0]).not.to.equal(digests[1]);
  });

  it("builds the learner's model from the manifest's topology", async () => {
    const { topology } = await mnist.createModel({}, 7);
    const { learner } = await createTaskLearner({ ...options, topology });
    expect((await learner.currentModel()).topology).to.deep.equal(topology);
    await learner.dispose();
  });

  it("finds an unknown task, wrong parameters and a missing folder in the worker, and says so here", async () => {
    for (const [wrong, code] of [
      [{ task: "mnits" }, "unknown-task"],
      [{ params: { batchSize: -1 } }, "task-params"],
      [{ shard: { ...options.shard, dataDir: "/no/such/folder" } }, "data-missing"],
    ] as const) {
      const error: unknown = await startTaskLearner({ ...options, ...wrong }).catch((reason: unknown) => reason);
      expect(error).to.include({ name: "UserError", code });
    }
  });
});
