import * as tf from "@tensorflow/tfjs-core";
import type { SymbolicTensor } from "@tensorflow/tfjs-layers";
import { input, layers, model, sequential } from "@tensorflow/tfjs-layers";
import { expect } from "chai";

import { UserError } from "../../../../../src/errors.ts";
import { useBackend } from "../../../../../src/learning/tfjs/backend.ts";
import { randomFrom } from "../../../../../src/learning/random.ts";
import { losses } from "../../../../../src/learning/tfjs/losses.ts";
import { ClippedGradients } from "../../../../../src/learning/tfjs/private/gradient.ts";
import { examples, loopedGradients, models } from "./models.ts";

const loss = losses.sparseCategoricalCrossentropy;

function normOf(gradients: readonly Float64Array[]): number {
  return Math.sqrt(gradients.reduce((sum, values) => values.reduce((total, value) => total + value ** 2, sum), 0));
}

/** The largest distance of two lists, in parts of the largest number in the second. */
function distance(found: ArrayLike<number>, wanted: ArrayLike<number>): number {
  const values = Array.from(wanted);
  const scale = Math.max(...values.map(Math.abs), 1e-12);
  return Math.max(...values.map((value, index) => Math.abs(value - (found[index] ?? NaN)))) / scale;
}

for (const backend of ["cpu", "wasm"] as const) {
  describe(`clipped gradients on ${backend}`, function () {
    this.timeout(30_000);
    before(() => useBackend(backend));

    for (const [name, build] of Object.entries(models)) {
      it(`of ${name}: norms and clipped sum are those of a loop over the examples, and no tensor stays`, () => {
        const trained = build();
        const { inputs, targets } = examples(6);
        const single = loopedGradients(trained, loss, inputs, targets);
        const norms = single.map(normOf);
        // Some are clipped and some are not.
        const clippingNorm = [...norms].sort((a, b) => a - b)[2]! * 1.01;
        const gradients = new ClippedGradients(trained, loss);
        const before = tf.memory().numTensors;
        const { sum, norms: found } = gradients.clippedSum(inputs, targets, clippingNorm);

        expect(distance(found, norms)).to.be.below(1e-5);
        for (const [index, { name: variable }] of trained.trainableWeights.entries()) {
          const wanted = new Float64Array(single[0]![index]!.length);
          for (const [example, ofExample] of single.entries()) {
            const factor = Math.min(1, clippingNorm / norms[example]!);
            for (const [place, value] of ofExample[index]!.entries()) wanted[place]! += factor * value;
          }
          // The margin for rounding takes a ten-thousandth.
          expect(distance(sum[variable]!.dataSync(), wanted), variable).to.be.below(3e-4);
        }
        tf.dispose(sum);
        expect(tf.memory().numTensors).to.equal(before);
        tf.dispose([inputs, targets]);
        trained.dispose();
      });
    }

    it("never give one example more than the clipping norm", () => {
      const trained = models["convolutions and pooling"]!();
      const gradients = new ClippedGradients(trained, loss);
      const { inputs, targets } = examples(5);
      for (const clippingNorm of [0.01, 0.3]) {
        for (let example = 0; example < targets.size; example++) {
          const [one, label] = [tf.slice(inputs, [example], [1]), tf.slice(targets, [example], [1])];
          const { sum } = gradients.clippedSum(one, label, clippingNorm);
          const norm = normOf(Object.values(sum).map((tensor) => Float64Array.from(tensor.dataSync())));
          expect(norm).to.be.at.most(clippingNorm);
          tf.dispose([sum, one, label]);
        }
      }
      tf.dispose([inputs, targets]);
      trained.dispose();
    });

    it("clip an example whose gradients nearly cancel over the positions, as weights made for it do", () => {
      // Equal inputs at all positions, and gradients of 1e4 that add up to 1: in float32, products of positions say nothing of it.
      const [positions, width] = [8, 64];
      const trained = sequential({
        layers: [
          layers.dense({ units: width, inputShape: [positions, width], kernelInitializer: "identity" }),
          layers.flatten(),
          layers.dense({ name: "last", units: 3, activation: "softmax" }),
        ],
      });
      const inputs = tf.ones([1, positions, width]);
      const targets = tf.tensor1d([2]);
      const gradients = new ClippedGradients(trained, loss);
      for (let seed = 0; seed < 10; seed++) {
        const random = randomFrom("cancelling", seed);
        const drawn = Array.from({ length: positions * width }, () => (random.next() - 0.5) * 2e4);
        const meanOf = (unit: number) =>
          drawn.filter((_, place) => place % width === unit).reduce((sum, value) => sum + value / positions, 0);
        const means = Array.from({ length: width }, (_, unit) => meanOf(unit) - 1);
        const kernel = drawn.map((value, place) => [value - means[place % width]!, 0, 0]);
        tf.tidy(() =>
          trained.getLayer("last").setWeights([tf.tensor(kernel), tf.tensor1d([-width * positions, 0, 0])]),
        );
        const { sum } = gradients.clippedSum(inputs, targets, 1);
        const norm = normOf(Object.values(sum).map((tensor) => Float64Array.from(tensor.dataSync())));
        expect(norm, `seed ${seed}`).to.be.at.most(1);
        tf.dispose(sum);
      }
      tf.dispose([inputs, targets]);
      trained.dispose();
    });

    it("leave out an example whose gradient is not a number", () => {
      const trained = models["dense layers"]!();
      const gradients = new ClippedGradients(trained, loss);
      const { inputs, targets } = examples(3);
      const broken = tf.tidy(() => tf.concat([inputs, tf.fill([1, 7, 7, 2], NaN)]));
      const labels = tf.tidy(() => tf.concat<tf.Tensor1D>([targets, tf.tensor1d([1])]));
      const before = tf.memory().numTensors;
      const [{ sum }, { sum: without }] = [
        gradients.clippedSum(broken, labels, 0.5),
        gradients.clippedSum(inputs, targets, 0.5),
      ];
      for (const [name, tensor] of Object.entries(without)) {
        expect(distance(sum[name]!.dataSync(), tensor.dataSync())).to.be.below(1e-6);
      }
      tf.dispose([sum, without]);
      expect(tf.memory().numTensors).to.equal(before);
      tf.dispose([inputs, targets, broken, labels]);
      trained.dispose();
    });

    it("leave the model's layers as they were", () => {
      const trained = models["convolutions and pooling"]!();
      const { inputs, targets } = examples(2);
      const before = (trained.predict(inputs) as tf.Tensor).dataSync();
      tf.dispose(new ClippedGradients(trained, loss).clippedSum(inputs, targets, 1).sum);
      expect((trained.predict(inputs) as tf.Tensor).dataSync()).to.deep.equal(before);
      for (const layer of trained.layers) expect(Object.hasOwn(layer, "call"), layer.name).to.equal(false);
    });
  });
}

describe("a model for private training", () => {
  before(() => useBackend("wasm"));

  it("may not have a batch normalisation, and is told why in one line", () => {
    const mixed = sequential({
      layers: [
        layers.dense({ units: 3, inputShape: [4] }),
        layers.batchNormalization({ name: "bn" }),
        layers.softmax(),
      ],
    });
    expect(() => new ClippedGradients(mixed, loss))
      .to.throw(UserError, "private training cannot take the layer bn (BatchNormalization): it mixes the examples")
      .with.property("message")
      .that.does.not.contain("\n");
  });

  it("may not have a layer that reaches over the batch by its settings", () => {
    const over = (name: string, mixing: (x: SymbolicTensor) => SymbolicTensor) => {
      const pixels = input({ shape: [4] });
      const hidden = layers.dense({ units: 3 }).apply(pixels) as SymbolicTensor;
      expect(() => new ClippedGradients(model({ inputs: pixels, outputs: mixing(hidden) }), loss), name).to.throw(
        UserError,
        "private training cannot take the layer",
      );
    };
    over("softmax", (x) => layers.softmax({ axis: 0 }).apply(x) as SymbolicTensor);
    over("softmax from the end", (x) => layers.softmax({ axis: -2 }).apply(x) as SymbolicTensor);
    over("dropout", (x) => layers.dropout({ rate: 0.5, noiseShape: [1, 3] }).apply(x) as SymbolicTensor);
    over("concatenate", (x) => layers.concatenate({ axis: 0 }).apply([x, x]) as SymbolicTensor);
    over("dot", (x) => layers.dot({ axes: 1 }).apply([x, x]) as SymbolicTensor);
    over("noise of Math.random", (x) => layers.gaussianNoise({ stddev: 1 }).apply(x) as SymbolicTensor);
  });

  it("may not use a layer twice", () => {
    const shared = layers.dense({ name: "shared", units: 98 });
    const pixels = input({ shape: [7, 7, 2] });
    const flat = layers.flatten().apply(pixels) as SymbolicTensor;
    const twice = shared.apply(shared.apply(flat)) as SymbolicTensor;
    const out = layers.dense({ units: 3, activation: "softmax" }).apply(twice) as SymbolicTensor;
    const { inputs, targets } = examples(2);
    expect(() =>
      new ClippedGradients(model({ inputs: pixels, outputs: out }), loss).clippedSum(inputs, targets, 1),
    ).to.throw(UserError, "the layer shared twice");
  });
});
