import * as tf from "@tensorflow/tfjs-core";
import { expectGradient, expectSame, random } from "./both-backends.ts";

const flags = [false, true].flatMap((transposeA) => [false, true].map((transposeB) => ({ transposeA, transposeB })));

function product(outerA: number[], outerB: number[], [m, k, n]: number[], a: boolean, b: boolean): tf.Tensor {
  const left = random([...outerA, ...(a ? [k!, m!] : [m!, k!])], 1);
  const right = random([...outerB, ...(b ? [n!, k!] : [k!, n!])], 2);
  return tf.matMul(left, right, a, b);
}

describe("The matrix product kernel", () => {
  for (const { transposeA, transposeB } of flags) {
    const title = `a${transposeA ? " transposed" : ""} by b${transposeB ? " transposed" : ""}`;

    it(`agrees with the cpu backend for ${title}, over odd and even sizes`, async () => {
      for (const m of [1, 2, 5, 6, 13]) {
        for (const k of [1, 3, 8, 17]) {
          for (const n of [1, 4, 7, 8, 12, 19]) {
            await expectSame(() => [product([], [], [m, k, n], transposeA, transposeB)], `${m}×${k}×${n}`);
          }
        }
      }
    });

    it(`agrees for a big product of ${title}`, async () => {
      await expectSame(() => [product([], [], [128, 512, 257], transposeA, transposeB)]);
    });

    it(`agrees for batches of ${title}, one of them shared or partly broadcast`, async () => {
      const outers: [number[], number[]][] = [
        [[3], [3]],
        [[1], [4]],
        [[4], [1]],
        [
          [2, 3],
          [2, 3],
        ],
        [
          [2, 1],
          [2, 3],
        ],
        [
          [2, 3],
          [1, 1],
        ],
      ];
      for (const [a, b] of outers) {
        await expectSame(() => [product(a, b, [5, 6, 7], transposeA, transposeB)], JSON.stringify([a, b]));
      }
    });
  }

  it("gives a dense layer gradients that finite differences confirm", async () => {
    await expectGradient((w) => tf.tanh(tf.mul(tf.matMul(random([6, 5], 1) as tf.Tensor2D, w), 0.3)), [5, 9]);
    await expectGradient((x) => tf.tanh(tf.mul(tf.matMul(x, random([5, 9], 1) as tf.Tensor2D), 0.3)), [6, 5]);
  });
});
