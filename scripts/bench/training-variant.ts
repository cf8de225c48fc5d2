/**
 * One variant of scripts/bench/training.ts in a process of its own: trains one model on one backend with one set of kernels,
 * and sends its figures to the parent. Arguments: model, variant, steps.
 */
import { createRequire } from "node:module";
import * as tf from "@tensorflow/tfjs-core";
import { initializers, layers, type LayersModel, sequential } from "@tensorflow/tfjs-layers";
import { useBackend } from "../../src/learning/tfjs/backend.ts";

export interface Figures {
  /** Wall-clock milliseconds of each training step. */
  readonly steps: readonly number[];
  /** Processor milliseconds of each step, all threads: less disturbed by other work on the machine. */
  readonly processor: readonly number[];
  /** Milliseconds to predict 600 samples, fastest of five. */
  readonly evaluation: number;
  /** Peak resident memory in MB. */
  readonly resident: number;
  readonly loss: number;
}

interface Workload {
  readonly input: readonly number[];
  readonly layers: () => Parameters<typeof sequential>[0];
}

const seeded = (seed: number) => initializers.glorotUniform({ seed });
const convolution = (filters: number, kernelSize: number, padding: "same" | "valid", seed: number, input?: number[]) =>
  layers.conv2d({
    ...{ filters, kernelSize, padding, activation: "relu", kernelInitializer: seeded(seed) },
    ...(input === undefined ? {} : { inputShape: input }),
  });
const dense = (units: number, activation: "relu" | "softmax", seed: number, input?: number[]) =>
  layers.dense({
    ...{ units, activation, kernelInitializer: seeded(seed) },
    ...(input === undefined ? {} : { inputShape: input }),
  });
const pool = () => layers.maxPooling2d({ poolSize: 2 });

export const workloads: Readonly<Record<string, Workload>> = {
  "mnist CNN (task mnist)": {
    input: [28, 28, 1],
    layers: () => ({
      layers: [
        ...[convolution(32, 5, "same", 1, [28, 28, 1]), pool()],
        ...[convolution(32, 5, "same", 2), pool()],
        ...[convolution(64, 5, "same", 3), pool()],
        ...[layers.flatten(), dense(64, "relu", 4), dense(10, "softmax", 5)],
      ],
    }),
  },
  "conv32-conv64-dense64": {
    input: [28, 28, 1],
    layers: () => ({
      layers: [
        ...[convolution(32, 3, "valid", 1, [28, 28, 1]), pool()],
        ...[convolution(64, 3, "valid", 2), pool()],
        ...[layers.flatten(), dense(64, "relu", 3), dense(10, "softmax", 4)],
      ],
    }),
  },
  "MLP 784-128-64-10": {
    input: [784],
    layers: () => ({ layers: [dense(128, "relu", 1, [784]), dense(64, "relu", 2), dense(10, "softmax", 3)] }),
  },
};

/** "ours", "plain wasm", "cpu", or the path of a module whose export takes tf and installs other kernels. */
async function start(variant: string): Promise<void> {
  if (variant === "ours" || variant === "cpu") {
    await useBackend(variant === "ours" ? "wasm" : "cpu");
    return;
  }
  tf.enableProdMode();
  await import("@tensorflow/tfjs-backend-wasm");
  await tf.setBackend("wasm");
  if (variant === "plain wasm") return;
  const install = createRequire(import.meta.url)(variant) as (core: typeof tf) => void;
  install(tf);
}

async function measure(model: LayersModel, input: readonly number[], count: number): Promise<Figures> {
  const batch = tf.randomNormal([32, ...input], 0, 1, "float32", 1);
  const labels = tf.oneHot(
    tf.tensor1d(
      Array.from({ length: 32 }, (_, index) => index % 10),
      "int32",
    ),
    10,
  );
  const samples = tf.randomNormal([600, ...input], 0, 1, "float32", 2);
  const steps: number[] = [];
  const processor: number[] = [];
  let loss = NaN;
  // The first steps compile.
  const warmUp = Math.min(5, count);
  for (let step = -warmUp; step < count; step++) {
    const [wall, used] = [performance.now(), process.cpuUsage()];
    loss = (await model.trainOnBatch(batch, labels)) as number;
    if (step < 0) continue;
    steps.push(performance.now() - wall);
    const { user, system } = process.cpuUsage(used);
    processor.push((user + system) / 1000);
  }
  const evaluations = [];
  for (let repetition = 0; repetition < Math.min(5, count); repetition++) {
    const wall = performance.now();
    const output = model.predict(samples, { batchSize: 100 }) as tf.Tensor;
    output.dataSync();
    output.dispose();
    evaluations.push(performance.now() - wall);
  }
  const resident = process.resourceUsage().maxRSS / 1024;
  return { steps, processor, evaluation: Math.min(...evaluations), resident, loss };
}

const [, , workloadName, variant, count] = process.argv;
const workload = workloads[workloadName ?? ""];
if (process.send !== undefined && workload !== undefined && variant !== undefined) {
  await start(variant);
  const model = sequential(workload.layers());
  model.compile({ optimizer: tf.train.adam(0.001), loss: "categoricalCrossentropy" });
  process.send(await measure(model, workload.input, Number(count)));
}
