import { expect } from "chai";

import { digestOf } from "../../../../src/learning/scores.ts";
import { useBackend } from "../../../../src/learning/tfjs/backend.ts";
import { mnistResnet } from "../../../../src/tasks/mnist-resnet/mnist-resnet.ts";
import { createTaskLearner } from "../../../../src/tasks/task-learner.ts";
import { MAX_MANIFEST_BYTES, encodeManifest } from "../../../../src/weights/manifest.ts";
import { specOf } from "../../../../src/weights/spec.ts";
import type { Weights } from "../../../../src/weights/weights.ts";

const countOf = ({ tensors }: Weights): number => tensors.reduce((sum, { data }) => sum + data.length, 0);
const shard = { index: 0, learners: 200, split: "iid", seed: 42, trainRatio: 0.8 } as const;
const options = { task: "mnist-resnet", shard, seed: 42, metric: mnistResnet.metric, backend: "wasm" } as const;

describe("the task mnist-resnet", function () {
  this.timeout(60_000);
  before(() => useBackend("wasm"));

  for (const [depth, count] of [
    [8, 78_426],
    [14, 176_090],
    [20, 273_754],
  ] as const) {
    it(`has the network of ${depth} layers for small images, of ${count} weights`, async () => {
      const { weights } = await mnistResnet.createModel({ depth }, 42);
      const kernels = weights.tensors.filter(({ name }) => name.endsWith("kernel") && !name.includes("_0_conv"));
      // Of the layers that are counted: shortcuts are none of them.
      expect(kernels).to.have.lengthOf(depth);
      expect(countOf(weights)).to.equal(count);
    });
  }

  it("trains moving statistics with the rest, and the same proposal again", async () => {
    const params = { stepsPerProposal: 2, batchSize: 4 };
    const { learner } = await createTaskLearner({ ...options, params });
    const before = await learner.currentWeights();
    const proposal = await learner.proposeWeights(1);
    const changed = proposal.tensors.filter((tensor, index) => {
      return digestOf({ tensors: [tensor] }) !== digestOf({ tensors: [before.tensors[index]!] });
    });
    expect(changed.map(({ name }) => name)).to.include.members(["conv1_bn/moving_mean", "conv1_bn/moving_variance"]);
    expect(digestOf(await learner.proposeWeights(1))).to.equal(digestOf(proposal));
    await learner.acceptWeights(proposal);
    expect(digestOf(await learner.currentWeights())).to.equal(digestOf(proposal));
    await learner.dispose();
  });

  it("has Keras' ResNet50 at depth 50, whose 94 MB fit a manifest's limits, and trains it", async () => {
    const params = mnistResnet.parseParams({ depth: 50, stepsPerProposal: 1, batchSize: 2 });
    const { learner } = await createTaskLearner({ ...options, shard: { ...shard, learners: 2000 }, params });
    const { format, topology, weights } = await learner.currentModel();
    // 23 587 712 as Keras counts them without the top, and the dense layer.
    expect(countOf(weights)).to.equal(23_587_712 + 2048 * 10 + 10);
    const shapes = Object.fromEntries(weights.tensors.map(({ name, shape }) => [name, shape.join()]));
    expect(shapes).to.include({
      "conv1_conv/kernel": "7,7,3,64",
      "conv2_block1_0_conv/kernel": "1,1,64,256",
      "conv3_block4_2_conv/kernel": "3,3,128,128",
      "conv5_block3_3_bn/moving_variance": "2048",
    });
    const spec = specOf(weights);
    expect(spec.maxBytes).to.be.within(94_432_808, 94_432_808 + 100_000);
    const bytes = encodeManifest({
      ...{ version: 1, title: "ResNet-50", seed: 42, metric: mnistResnet.metric, weights: spec },
      task: { name: mnistResnet.name, params: { depth: 50 } },
      model: { format, topology },
    });
    expect(bytes.length).to.be.below(MAX_MANIFEST_BYTES / 10);
    const proposal = await learner.proposeWeights(1);
    expect(proposal.tensors.every(({ data }) => data.every((value) => Number.isFinite(Number(value))))).to.be.true;
    // Dropout's masks are the same again.
    expect(digestOf(await learner.proposeWeights(1))).to.equal(digestOf(proposal));
    await learner.dispose();
  });

  it("refuses depths that there are not", () => {
    expect(() => mnistResnet.parseParams({ depth: 9 })).to.throw("depth");
  });
});
