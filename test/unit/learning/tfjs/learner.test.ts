import { expect } from "chai";
import * as tf from "@tensorflow/tfjs-core";
import { layers, sequential } from "@tensorflow/tfjs-layers";

import { ColearnError } from "../../../../src/errors.ts";
import type { WorkOptions } from "../../../../src/learning/interface.ts";
import { digestOf } from "../../../../src/learning/scores.ts";
import { modelFromTopology, TfjsLearner } from "../../../../src/learning/tfjs/learner.ts";
import { weightsOf, assignWeights } from "../../../../src/learning/tfjs/weights.ts";
import type { Tensor, Weights } from "../../../../src/weights/weights.ts";
import { tinySamples } from "../tiny-samples.ts";
import { tinyLearner, tinyModel, tinyOptions, useCpu } from "./tiny.ts";

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).to.be.instanceOf(ColearnError);
  return (error as ColearnError).code;
}

/** Work options that call the work off after some batches. */
function stopAfter(batches: number): Required<WorkOptions> {
  const controller = new AbortController();
  const onProgress = (done: number): void => {
    if (done === batches) controller.abort();
  };
  return { signal: controller.signal, onProgress };
}

/** The weights with every number of the first tensor replaced. */
function filled(weights: Weights, value: number): Weights {
  const [first, ...others] = weights.tensors;
  return { tensors: [{ ...first, data: new Float32Array(first!.data.length).fill(value) } as Tensor, ...others] };
}

describe("a tfjs learner", function () {
  this.timeout(20_000);
  const learners: TfjsLearner[] = [];
  const learner = async (...options: Parameters<typeof tinyLearner>): Promise<TfjsLearner> => {
    const made = await tinyLearner(...options);
    learners.push(made);
    return made;
  };

  before(useCpu);
  afterEach(async () => {
    for (const made of learners.splice(0)) await made.dispose();
  });

  describe("proposing", () => {
    it("trains from the current weights and does not change them", async () => {
      const one = await learner();
      const before = await one.currentWeights();
      const proposal = await one.proposeWeights(1);
      expect(await one.currentWeights()).to.deep.equal(before);
      expect(digestOf(proposal)).not.to.equal(digestOf(before));
    });

    it("says how many steps and samples it took", async () => {
      const { summary } = await (await learner()).proposeWeights(1);
      expect(summary).to.deep.equal({ steps: 20, samples: 320 });
    });

    it("gives the same weights, bit for bit, for the same weights, seed and round", async () => {
      const [one, other] = [await learner(), await learner()];
      // What the one did before must not matter: this is what a restart comes to.
      await one.proposeWeights(1);
      await one.testWeights(await one.proposeWeights(2));
      expect((await one.proposeWeights(3)).tensors).to.deep.equal((await other.proposeWeights(3)).tensors);
    });

    it("takes other batches in another round and with another seed", async () => {
      const one = await learner();
      const other = await learner({ batchSeed: [8] });
      const digests = [await one.proposeWeights(1), await one.proposeWeights(2), await other.proposeWeights(1)].map(
        digestOf,
      );
      expect(new Set(digests)).to.have.lengthOf(3);
    });

    it("learns", async () => {
      const one = await learner();
      const start = await one.testWeights(await one.currentWeights());
      for (let round = 1; round <= 5; round++) await one.acceptWeights(await one.proposeWeights(round));
      const end = await one.testWeights(await one.currentWeights());
      expect(start.testScore).to.be.lessThan(0.65);
      expect(end.testScore).to.be.greaterThan(0.75);
    });

    it("starts every proposal with a fresh optimiser", async () => {
      let made = 0;
      const one = await learner({ optimizer: () => (made++, tf.train.adam(0.01)) });
      await one.proposeWeights(1);
      await one.proposeWeights(2);
      expect(made).to.equal(2);
    });

    it("adds the layers' own losses: a regulariser pulls weights to zero", async () => {
      const regularised = async (strength: number): Promise<number> => {
        const model = tinyModel();
        const dense = model.layers[0] as unknown as { addLoss(loss: () => tf.Scalar): void };
        dense.addLoss(() => tf.mul(strength, tf.sum(tf.square(model.layers[0]!.weights[0]!.read()))));
        const proposal = await (await learner({ model })).proposeWeights(1);
        return (proposal.tensors[0]!.data as Float32Array).reduce((sum, value) => sum + value ** 2, 0);
      };
      expect(await regularised(1)).to.be.lessThan((await regularised(0)) * 0.9);
    });

    it("drops other units at each step and in each round, and the same ones again for the same round", async () => {
      const dropping = () => {
        const model = sequential({
          layers: [
            layers.dropout({ name: "drop", rate: 0.5, inputShape: [4] }),
            layers.dense({ name: "out", units: 3, activation: "softmax", kernelInitializer: "zeros" }),
          ],
        });
        const seeds: unknown[] = [];
        model.layers[0]!.setCallHook(() => seeds.push((model.layers[0] as unknown as { seed: number }).seed));
        return { model, seeds };
      };
      const [first, second] = [dropping(), dropping()];
      const one = await learner({ model: first.model, stepsPerProposal: 3 });
      const other = await learner({ model: second.model, stepsPerProposal: 3 });
      const topology = (await one.currentModel()).topology;
      const proposal = await one.proposeWeights(1);
      await one.proposeWeights(2);
      expect(new Set(first.seeds)).to.have.lengthOf(6);
      await other.proposeWeights(2);
      expect((await other.proposeWeights(1)).tensors).to.deep.equal(proposal.tensors);
      expect((await one.currentModel()).topology).to.deep.equal(topology);
    });

    it("leaves weights that are not trainable as they are", async () => {
      const model = tinyModel();
      model.layers[0]!.trainable = false;
      const one = await learner({ model });
      const proposal = await one.proposeWeights(1);
      const before = await one.currentWeights();
      const hidden = ({ tensors }: Weights): unknown => tensors.find(({ name }) => name === "hidden/kernel");
      expect(hidden(proposal)).to.deep.equal(hidden(before));
    });
  });

  describe("testing", () => {
    it("does not change the current weights", async () => {
      const one = await learner();
      const before = await one.currentWeights();
      await one.testWeights(await one.proposeWeights(1));
      expect(await one.currentWeights()).to.deep.equal(before);
    });

    it("scores the whole vote and test splits, the last small batch included", async () => {
      const [vote, test] = [tinySamples(33, 5), tinySamples(47, 6)];
      const one = await learner({ data: { train: tinySamples(64, 4), vote, test } });
      const weights = await one.proposeWeights(1);
      const { voteScore, testScore } = await one.testWeights(weights);

      const model = tinyModel();
      assignWeights(model, weights);
      const accuracy = ({ inputs, targets }: typeof vote): number =>
        tf.tidy(() => {
          const outputs = model.predict(
            tf.tensor2d(
              Float32Array.from(inputs, (byte) => byte / 255),
              [targets.length, 4],
            ),
          );
          const classes = tf.argMax(outputs as tf.Tensor, 1).dataSync();
          return targets.filter((target, row) => classes[row] === target).length / targets.length;
        });
      expect(voteScore).to.be.closeTo(accuracy(vote), 1e-12);
      expect(testScore).to.be.closeTo(accuracy(test), 1e-12);
      model.dispose();
    });

    it("approves what is better on the vote split and rejects what is equal", async () => {
      const one = await learner();
      const current = await one.testWeights(await one.currentWeights());
      expect(current.vote).to.be.false;
      await one.acceptWeights(await one.proposeWeights(1));
      const better = await one.proposeWeights(2);
      const start = await learner();
      const evaluation = await start.testWeights(better);
      expect(evaluation.voteScore).to.be.greaterThan(current.voteScore);
      expect(evaluation.vote).to.be.true;
      expect((await one.testWeights(await start.currentWeights())).vote).to.be.false;
    });

    it("votes by the metric given: a smaller loss is better", async () => {
      const one = await learner({ metric: { name: "loss", direction: "minimise", tolerance: 0 } });
      const current = await one.testWeights(await one.currentWeights());
      const proposed = await one.testWeights(await one.proposeWeights(1));
      expect(proposed.voteScore).to.be.lessThan(current.voteScore);
      expect(proposed.vote).to.be.true;
    });

    it("gives NaN for the test score without a test split", async () => {
      const one = await learner({ data: { train: tinySamples(20, 1), vote: tinySamples(20, 2) } });
      const { voteScore, testScore } = await one.testWeights(await one.currentWeights());
      expect(voteScore).to.be.within(0, 1);
      expect(testScore).to.be.NaN;
    });

    it("rejects weights that give NaN, whatever class NaN would fall into", async () => {
      const zeros = { ...tinySamples(40, 9), targets: new Uint8Array(40) };
      const one = await learner({ data: { train: zeros, vote: zeros, test: zeros } });
      const current = await one.currentWeights();
      expect((await one.testWeights(current)).voteScore, "there is something to be better than").to.be.lessThan(1);
      const { vote, voteScore } = await one.testWeights(filled(current, NaN));
      expect(voteScore).to.be.NaN;
      expect(vote).to.be.false;
    });

    it("evaluates each weights once: neither the current ones again, nor those just tested when they are accepted", async () => {
      const one = await learner();
      // 50 vote and 70 test samples in batches of 32.
      const stepsOfOne = 2 + 3;
      const stepsOf = async (weights: Weights): Promise<number> => {
        let steps = 0;
        await one.testWeights(weights, { onProgress: (done, total) => (steps = done === total ? total : 0) });
        return steps;
      };
      const [first, second] = [await one.proposeWeights(1), await one.proposeWeights(2)];
      expect(await stepsOf(first), "the first proposal and the current weights").to.equal(2 * stepsOfOne);
      expect(await stepsOf(second), "the second proposal only").to.equal(stepsOfOne);
      await one.acceptWeights(structuredClone(second));
      const third = await one.proposeWeights(3);
      expect(await stepsOf(third), "the third proposal only").to.equal(stepsOfOne);
      expect(await stepsOf(third), "nothing").to.equal(0);
    });
  });

  describe("accepting", () => {
    it("makes the weights the current ones, exactly, and independent of the caller's arrays", async () => {
      const one = await learner();
      const proposal = await one.proposeWeights(1);
      const kept = structuredClone(proposal);
      await one.acceptWeights(proposal);
      (proposal.tensors[0]!.data as Float32Array).fill(0);
      expect(await one.currentWeights()).to.deep.equal(kept);
      ((await one.currentWeights()).tensors[0]!.data as Float32Array).fill(0);
      expect(await one.currentWeights()).to.deep.equal(kept);
    });

    it("refuses what is not the model's weights, by name, shape, type, count and size, and keeps its own", async () => {
      const one = await learner();
      const before = await one.currentWeights();
      const [first, ...others] = before.tensors as [Tensor, ...Tensor[]];
      const wrong: Tensor[][] = [
        others,
        [...before.tensors, first],
        [{ ...first, name: "other/kernel" }, ...others],
        [{ ...first, shape: [8, 4] }, ...others],
        [{ ...first, dtype: "I32", data: new Int32Array(32) }, ...others],
        [{ ...first, data: new Float32Array(31) } as Tensor, ...others],
      ];
      for (const tensors of wrong) {
        expect(await codeOf(one.acceptWeights({ tensors }))).to.equal("weights-mismatch");
        expect(await codeOf(one.testWeights({ tensors }))).to.equal("weights-mismatch");
      }
      expect(await one.currentWeights()).to.deep.equal(before);
    });
  });

  it("gives a model whose topology and weights make the same predictions elsewhere", async () => {
    const one = await learner();
    await one.acceptWeights(await one.proposeWeights(1));
    const { format, topology, weights } = await one.currentModel();
    expect(format).to.equal("tfjs-layers");
    const rebuilt = await modelFromTopology(JSON.parse(JSON.stringify(topology)));
    assignWeights(rebuilt, weights);
    expect(await weightsOf(rebuilt)).to.deep.equal({ tensors: weights.tensors });
    const other = await learner({ model: rebuilt });
    expect(await other.testWeights(weights)).to.deep.include(await one.testWeights(weights));
    expect((await other.currentModel()).topology).to.deep.equal(topology);
  });

  it("names weights by their layers, however many models a process holds", async () => {
    const [one, other] = [await learner(), await learner()];
    const names = (await other.currentWeights()).tensors.map(({ name }) => name);
    expect(names).to.deep.equal((await one.currentWeights()).tensors.map(({ name }) => name));
    expect(names.slice(0, 2)).to.deep.equal(["hidden/kernel", "hidden/bias"]);
  });

  it("keeps no tensors from round to round, refused and failed calls included, and none at the end", async () => {
    const atStart = tf.memory().numTensors;
    const one = await tinyLearner();
    const counts: number[] = [];
    for (let round = 1; round <= 4; round++) {
      const proposal = await one.proposeWeights(round);
      await one.testWeights(proposal);
      if (round % 2 === 0) await one.acceptWeights(proposal);
      await codeOf(one.testWeights({ tensors: [] }));
      await codeOf(one.proposeWeights(round, stopAfter(2)));
      await one.currentModel();
      counts.push(tf.memory().numTensors);
    }
    expect(new Set(counts)).to.have.lengthOf(1);
    await one.dispose();
    expect(tf.memory().numTensors).to.equal(atStart);
  });

  it("stops between batches when called off, and then works as if it had never begun", async () => {
    const [one, other] = [await learner(), await learner()];
    const work = stopAfter(3);
    let last = 0;
    const onProgress = (done: number, total: number): void => {
      last = done;
      work.onProgress(done, total);
    };
    expect(await codeOf(one.proposeWeights(1, { ...work, onProgress }))).to.equal("aborted");
    expect(last).to.equal(3);
    expect(await codeOf(one.testWeights(await one.currentWeights(), work))).to.equal("aborted");
    expect((await one.proposeWeights(1)).tensors).to.deep.equal((await other.proposeWeights(1)).tensors);
  });

  it("does calls at the same time one after another", async () => {
    const [one, other] = [await learner(), await learner()];
    const [proposal, evaluation] = await Promise.all([
      one.proposeWeights(1),
      one.currentWeights().then((weights) => one.testWeights(weights)),
    ]);
    expect(proposal.tensors).to.deep.equal((await other.proposeWeights(1)).tensors);
    expect(evaluation).to.deep.equal(await other.testWeights(await other.currentWeights()));
  });

  it("refuses to work after it was disposed of", async () => {
    const one = await tinyLearner();
    await one.dispose();
    await one.dispose();
    expect(await codeOf(one.proposeWeights(1))).to.equal("learner-disposed");
  });

  describe("refuses at its making", () => {
    const refusals = [
      {
        title: "an empty split",
        code: "no-samples",
        changes: { data: { train: tinySamples(5, 1), vote: tinySamples(0, 1) } },
      },
      {
        title: "data that the model does not take",
        code: "topology-mismatch",
        changes: { data: { train: tinySamples(5, 1), vote: { ...tinySamples(5, 1), shape: [2, 2] } } },
      },
      {
        title: "a metric that it does not know",
        code: "unknown-metric",
        changes: { metric: { name: "toString", direction: "maximise", tolerance: 0 } as const },
      },
    ];
    for (const { title, code, changes } of refusals) {
      it(title, async () => {
        const options = tinyOptions(changes);
        expect(await codeOf(TfjsLearner.create(options))).to.equal(code);
        options.model.dispose();
      });
    }

    it("a topology that is none", async () => {
      expect(
        await codeOf(modelFromTopology({ class_name: "Sequential", config: { layers: [{ class_name: "Nope" }] } })),
      ).to.equal("topology");
      expect(await codeOf(modelFromTopology("garbage"))).to.equal("topology");
    });

    it("a model with two weights of the same name", async () => {
      const inner = (): ReturnType<typeof sequential> =>
        sequential({ layers: [layers.dense({ name: "same", units: 4, inputShape: [4] })] });
      const model = sequential({ layers: [inner(), inner()] });
      expect(await codeOf(TfjsLearner.create(tinyOptions({ model })))).to.equal("weights-names");
      model.dispose();
    });
  });
});
