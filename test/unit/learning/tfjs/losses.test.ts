import { expect } from "chai";
import * as tf from "@tensorflow/tfjs-core";

import type { LossName } from "../../../../src/learning/tfjs/losses.ts";
import { losses } from "../../../../src/learning/tfjs/losses.ts";
import { useCpu } from "./tiny.ts";

/** Expected values by hand, from the definitions. */
const cases: Record<LossName, { targets: number[]; outputs: number[][]; expected: number[] }> = {
  sparseCategoricalCrossentropy: {
    targets: [0, 2, 1],
    outputs: [
      [0.5, 0.25, 0.25],
      [0.1, 0.1, 0.8],
      [1, 0, 0],
    ],
    expected: [Math.log(2), -Math.log(0.8), -Math.log(1e-7)],
  },
  sparseCategoricalCrossentropyFromLogits: {
    targets: [0, 1],
    outputs: [
      [Math.log(2), 0, 0],
      [100, 0, 0],
    ],
    expected: [Math.log(2), 100],
  },
  binaryCrossentropy: {
    targets: [1, 0, 1],
    outputs: [[0.5], [0.2], [0]],
    expected: [Math.log(2), -Math.log(0.8), -Math.log(1e-7)],
  },
  meanSquaredError: { targets: [1, -2], outputs: [[3], [-2]], expected: [4, 0] },
};

describe("losses", () => {
  before(useCpu);

  for (const [name, { targets, outputs, expected }] of Object.entries(cases)) {
    const loss = losses[name as LossName];

    it(`${name}: gives each sample what the definition says`, () => {
      for (const [row, target] of targets.entries()) {
        expect(loss.ofSample(target, Float32Array.from(outputs[row]!))).to.be.closeTo(expected[row]!, 1e-5);
      }
    });

    it(`${name}: is trained on as it is scored`, () => {
      const mean = tf.tidy(() => loss.mean(tf.tensor1d(targets), tf.tensor2d(outputs)).dataSync()[0]);
      expect(mean).to.be.closeTo(expected.reduce((sum, value) => sum + value, 0) / expected.length, 1e-4);
    });
  }
});
