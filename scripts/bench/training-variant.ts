/**
 * One variant of scripts/bench/training.ts in a process of its own: one model on one backend with one set of kernels. Trains
 * as many steps as each message asks for, and answers with what they took. Arguments: model, variant.
 */
import { createRequire } from "node:module";
import * as tf from "@tensorflow/tfjs-core";
import { initializers, layers, type LayersModel, sequential } from "@tensorflow/tfjs-layers";
import { type BackendChoice, useBackend } from "../../src/learning/tfjs/backend.ts";

/** What a block of steps took. */
export interface Block {
  /** Wall-clock milliseconds of each training step. */
  readonly steps: readonly number[];
  /** Processor milliseconds of each step, all threads. */
  readonly processor: readonly number[];
}

export interface Request {
  /** How many steps to train; 0 asks for the evaluation instead. */
  readonly steps: number;
}

export interface Evaluation {
  /** Milliseconds to predict 600 samples, fastest of five. */
  readonly evaluation: number;
  /** Peak resident memory in MB. */
  readonly resident: number;
}

interface Workload {
  readonly input: readonly number[];
  readonly batchSize: number;
  readonly layers: () => Parameters<typeof sequential>[0];
}

const seeded = (seed: number) => initializers.glorotUniform({ seed });
const convolution = (filters: number, kernelSize: number, seed: number, input?: readonly number[]) =>
  layers.conv2d({
    ...{ filters, kernelSize, padding: "same", activation: "relu", kernelInitializer: seeded(seed) },
    ...(input === undefined ? {} : { inputShape: [...input] }),
  });
const dense = (units: number, activation: "relu" | "softmax", seed: number, input?: number[]) =>
  layers.dense({
    ...{ units, activation, kernelInitializer: seeded(seed) },
    ...(input === undefined ? {} : { inputShape: input }),
  });
const pool = () => layers.maxPooling2d({ poolSize: 2 });

/** fetchai/colearn's model for MNIST and for CIFAR-10. */
const threeConvolutions = (input: readonly number[]): Workload => ({
  input,
  batchSize: 32,
  layers: () => ({
    layers: [
      ...[convolution(32, 5, 1, input), pool(), convolution(32, 5, 2), pool(), convolution(64, 5, 3), pool()],
      ...[layers.flatten(), dense(64, "relu", 4), dense(10, "softmax", 5)],
    ],
  }),
});

/** The same models are in keras-training.py. */
export const workloads: Readonly<Record<string, Workload>> = {
  "mnist CNN": threeConvolutions([28, 28, 1]),
  "cifar10 CNN": threeConvolutions([32, 32, 3]),
  "MLP 784-128-64-10": {
    input: [784],
    batchSize: 32,
    layers: () => ({ layers: [dense(128, "relu", 1, [784]), dense(64, "relu", 2), dense(10, "softmax", 3)] }),
  },
  "CNN with batch normalisation": {
    input: [28, 28, 1],
    batchSize: 64,
    layers: () => ({
      layers: [
        ...[convolution(64, 3, 1, [28, 28, 1]), layers.batchNormalization(), pool()],
        ...[convolution(128, 3, 2), layers.batchNormalization(), pool()],
        ...[layers.flatten(), dense(10, "softmax", 3)],
      ],
    }),
  },
};

/** A backend, "plain wasm", or the path of a module whose export takes tf and installs other kernels. */
async function start(variant: string): Promise<void> {
  if (variant === "wasm" || variant === "node" || variant === "cpu") {
    await useBackend(variant satisfies BackendChoice);
    return;
  }
  tf.enableProdMode();
  await import("@tensorflow/tfjs-backend-wasm");
  await tf.setBackend("wasm");
  if (variant === "plain wasm") return;
  const install = createRequire(import.meta.url)(variant) as (core: typeof tf) => void;
  install(tf);
}

async function train(model: LayersModel, batch: tf.Tensor, labels: tf.Tensor, count: number): Promise<Block> {
  const steps: number[] = [];
  const processor: number[] = [];
  for (let step = 0; step < count; step++) {
    const [wall, used] = [performance.now(), process.cpuUsage()];
    await model.trainOnBatch(batch, labels);
    steps.push(performance.now() - wall);
    const { user, system } = process.cpuUsage(used);
    processor.push((user + system) / 1000);
  }
  return { steps, processor };
}

function evaluate(model: LayersModel, samples: tf.Tensor): Evaluation {
  const times = Array.from({ length: 5 }, () => {
    const wall = performance.now();
    const output = model.predict(samples, { batchSize: 100 }) as tf.Tensor;
    output.dataSync();
    output.dispose();
    return performance.now() - wall;
  });
  return { evaluation: Math.min(...times), resident: process.resourceUsage().maxRSS / 1024 };
}

const [, , workloadName, variant] = process.argv;
const workload = workloads[workloadName ?? ""];
if (process.send !== undefined && workload !== undefined && variant !== undefined) {
  await start(variant);
  const { input, batchSize } = workload;
  const model = sequential(workload.layers());
  model.compile({ optimizer: tf.train.adam(0.001), loss: "categoricalCrossentropy" });
  const batch = tf.randomNormal([batchSize, ...input], 0, 1, "float32", 1);
  const classes = Array.from({ length: batchSize }, (_, index) => index % 10);
  const labels = tf.oneHot(tf.tensor1d(classes, "int32"), 10);
  const samples = tf.randomNormal([600, ...input], 0, 1, "float32", 2);
  process.on("message", ({ steps }: Request) => {
    const answer = steps > 0 ? train(model, batch, labels, steps) : Promise.resolve(evaluate(model, samples));
    // A model that cannot be trained here ends the process, with its reason on standard error.
    void answer.then((figures) => process.send?.(figures));
  });
  process.send("ready");
}
