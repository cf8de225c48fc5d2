import * as tf from "@tensorflow/tfjs-core";
import { layers, regularizers, sequential } from "@tensorflow/tfjs-layers";
import { expect } from "chai";

import { UserError } from "../../../../../src/errors.ts";
import { useBackend } from "../../../../../src/learning/tfjs/backend.ts";
import { TfjsLearner } from "../../../../../src/learning/tfjs/learner.ts";
import { losses } from "../../../../../src/learning/tfjs/losses.ts";
import { PrivateStep } from "../../../../../src/learning/tfjs/private/step.ts";
import type { Weights } from "../../../../../src/weights/weights.ts";
import { tinySamples } from "../../tiny-samples.ts";
import { plainModel, tinyOptions } from "../tiny.ts";

/** Wide enough that its noise can be measured: 40 000 weights. */
const wideModel = () =>
  sequential({
    layers: [
      layers.dense({ units: 10_000, inputShape: [4], useBias: false, kernelInitializer: "zeros" }),
      layers.dense({ units: 3, activation: "softmax", useBias: false, kernelInitializer: "zeros" }),
    ],
  });

function valuesOf({ tensors }: Weights): number[] {
  return tensors.flatMap(({ data }) => Array.from(data as Float32Array));
}

describe("private training", function () {
  this.timeout(60_000);
  before(() => useBackend("wasm"));

  for (const [clippingNorm, noiseMultiplier] of [
    [1.5, 1.3],
    [0.2, 4],
  ] as const) {
    it(`adds noise of deviation σ·C over the expected batch: C = ${clippingNorm}, σ = ${noiseMultiplier}`, () => {
      const model = wideModel();
      const samples = tinySamples(10, 1);
      const step = new PrivateStep(
        model,
        losses.sparseCategoricalCrossentropy,
        { clippingNorm, noiseMultiplier },
        samples,
      );
      const optimizer = tf.train.sgd(1);
      const expectedSize = 16;
      // Nobody is drawn: what moves the weights is the noise alone.
      step.take(optimizer, samples, new Uint32Array(0), expectedSize);
      const moved = model.getWeights().flatMap((tensor) => Array.from(tensor.dataSync()));
      const wanted = (noiseMultiplier * clippingNorm) / expectedSize;
      const variance = moved.reduce((sum, value) => sum + value ** 2, 0) / moved.length;
      expect(Math.abs(variance / wanted ** 2 - 1)).to.be.below(6 * Math.sqrt(2 / moved.length));
      optimizer.dispose();
      model.dispose();
    });
  }

  it("moves the weights by no more than the clipping norm for one example, when the noise is next to nothing", () => {
    const model = plainModel();
    const samples = tinySamples(10, 1);
    const training = { clippingNorm: 0.01, noiseMultiplier: 1e-9 };
    const step = new PrivateStep(model, losses.sparseCategoricalCrossentropy, training, samples);
    const before = model.getWeights().flatMap((tensor) => Array.from(tensor.dataSync()));
    const optimizer = tf.train.sgd(1);
    step.take(optimizer, samples, Uint32Array.of(3), 1);
    const after = model.getWeights().flatMap((tensor) => Array.from(tensor.dataSync()));
    const norm = Math.sqrt(after.reduce((sum, value, place) => sum + (value - before[place]!) ** 2, 0));
    expect(norm).to.be.within(0.0098, 0.010001);
    optimizer.dispose();
    model.dispose();
  });

  it("leaves no tensors behind, tells its cost, and learns", async () => {
    const privacy = { clippingNorm: 1, noiseMultiplier: 0.5 };
    const learner = await TfjsLearner.create(
      tinyOptions({ model: plainModel(), privacy, stepsPerProposal: 150, optimizer: () => tf.train.adam(0.05) }),
    );
    expect(await learner.privacyCost()).to.deep.equal({ sampleRate: 16 / 200, noiseMultiplier: 0.5, steps: 150 });
    const current = await learner.currentWeights();
    const before = tf.memory().numTensors;
    const proposal = await learner.proposeWeights(1);
    expect(tf.memory().numTensors).to.equal(before);
    expect(await learner.currentWeights()).to.deep.equal(current);
    expect(proposal.summary).to.deep.equal({ steps: 150, samples: 2400 });
    expect((await learner.testWeights(proposal)).testScore).to.be.above(0.6);
    // Nobody can draw the same noise again.
    expect(valuesOf(await learner.proposeWeights(1))).not.to.deep.equal(valuesOf(proposal));
    await learner.dispose();
  });

  it("adds the gradient of a regulariser without noise: it tells nothing of the data", () => {
    const model = sequential({
      layers: [
        layers.dense({
          units: 3,
          inputShape: [4],
          useBias: false,
          activation: "softmax",
          kernelInitializer: "ones",
          kernelRegularizer: regularizers.l2({ l2: 0.5 }),
        }),
      ],
    });
    const samples = tinySamples(10, 1);
    const training = { clippingNorm: 1e-6, noiseMultiplier: 1e-6 };
    const step = new PrivateStep(model, losses.sparseCategoricalCrossentropy, training, samples);
    const optimizer = tf.train.sgd(0.1);
    step.take(optimizer, samples, new Uint32Array(0), 1);
    // 1 - 0.1 · 2 · 0.5 · 1
    for (const value of model.getWeights()[0]!.dataSync()) expect(value).to.be.closeTo(0.9, 1e-5);
    optimizer.dispose();
    model.dispose();
  });

  it("draws masks of dropout that nobody can draw again: they belong to places in a secret batch", async () => {
    const model = sequential({
      layers: [
        layers.dense({ units: 6, inputShape: [4] }),
        layers.dropout({ name: "drop", rate: 0.5 }),
        layers.dense({ units: 3, activation: "softmax" }),
      ],
    });
    const privacy = { clippingNorm: 1, noiseMultiplier: 1 };
    const learner = await TfjsLearner.create(tinyOptions({ model, privacy, stepsPerProposal: 1 }));
    const seeds = new Set<unknown>();
    for (let time = 0; time < 3; time++) {
      await learner.proposeWeights(1);
      seeds.add((model.getLayer("drop") as unknown as { seed: number }).seed);
    }
    expect(seeds.size).to.equal(3);
    await learner.dispose();
  });

  it("refuses a model whose layers mix examples before anything is trained", async () => {
    const error: unknown = await TfjsLearner.create(
      tinyOptions({ privacy: { clippingNorm: 1, noiseMultiplier: 1 } }),
    ).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(UserError).and.include({ code: "privacy-layer" });
  });

  it("tells no cost where training is not private", async () => {
    const learner = await TfjsLearner.create(tinyOptions());
    expect(await learner.privacyCost()).to.equal(undefined);
    await learner.dispose();
  });
});
