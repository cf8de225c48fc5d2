/** Runs the same computation on the wasm backend with our kernels and on the cpu backend, and compares the numbers. */
import * as tf from "@tensorflow/tfjs-core";
import { expect } from "chai";
import { useBackend } from "../../../../../src/learning/tfjs/backend.ts";

export interface Result {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

export async function on(backend: "wasm" | "cpu", compute: () => tf.Tensor[]): Promise<Result[]> {
  await useBackend(backend);
  const tensors = tf.tidy(compute);
  const results = tensors.map((tensor) => ({ shape: tensor.shape, values: [...tensor.dataSync()] }));
  tf.dispose(tensors);
  return results;
}

/** Fails unless both backends give the same shapes, and values within `tolerance` of the largest value. */
export async function expectSame(compute: () => tf.Tensor[], what = "", tolerance = 2e-5): Promise<void> {
  const expected = await on("cpu", compute);
  const actual = await on("wasm", compute);
  expect(actual.map(({ shape }) => shape)).to.deep.equal(
    expected.map(({ shape }) => shape),
    what,
  );
  expected.forEach(({ values }, index) => {
    expectClose(actual[index]!.values, values, `${what} output ${index}`, tolerance);
  });
}

export function expectClose(actual: readonly number[], expected: readonly number[], what: string, tolerance: number) {
  const scale = Math.max(1, ...expected.map(Math.abs));
  const errors = expected.map((value, index) => Math.abs((actual[index] ?? NaN) - value) / scale);
  // NaN must not pass.
  const wrong = errors.findIndex((error) => !(error <= tolerance));
  if (wrong >= 0) {
    expect.fail(`${what}: value ${wrong} is ${actual[wrong] ?? "missing"}, not ${expected[wrong] ?? ""}`);
  }
  expect(actual.length).to.equal(expected.length, what);
}

/** Normal numbers, the same for the same seed on every backend. */
export function random(shape: number[], seed = 1): tf.Tensor {
  return tf.tensor(numbers(tf.util.sizeFromShape(shape), seed), shape, "float32");
}

export function numbers(count: number, seed: number): Float32Array {
  let state = seed * 2_654_435_761 + 12_345;
  const uniform = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  return Float32Array.from({ length: count }, () => {
    return Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  });
}

/**
 * Compares tf.grad of sum(f(x) * weights) with central differences at some coordinates of x, on the wasm backend. `step`
 * must not cross a kink of f.
 */
export async function expectGradient(
  f: (x: tf.Tensor) => tf.Tensor,
  shape: number[],
  { step = 0.05, tolerance = 5e-3, x = numbers(tf.util.sizeFromShape(shape), 5) } = {},
): Promise<void> {
  await useBackend("wasm");
  const objective = (at: tf.Tensor): tf.Tensor => {
    const y = f(at);
    return tf.sum(tf.mul(y, random(y.shape, 9)));
  };
  const gradient = tf.tidy(() => tf.grad(objective)(tf.tensor(x, shape)).dataSync());
  const size = tf.util.sizeFromShape(shape);
  const coordinates = Array.from({ length: Math.min(size, 25) }, (_, index) => (index * 7919) % size);
  const moved = (index: number, by: number) =>
    tf.tidy(
      () =>
        objective(
          tf.tensor(
            x.map((value, i) => (i === index ? value + by : value)),
            shape,
          ),
        ).dataSync()[0]!,
    );
  const differences = coordinates.map((index) => (moved(index, step) - moved(index, -step)) / (2 * step));
  expectClose(
    coordinates.map((index) => gradient[index]!),
    differences,
    "gradient",
    tolerance,
  );
}
