/**
 * One variant of scripts/bench/training.ts in a process of its own: one model on one backend with one set of kernels. Trains
 * a block of steps when a message asks for it, and answers with what they took. Arguments: model, variant.
 */
import { createRequire } from "node:module";
import * as tf from "@tensorflow/tfjs-core";
import { initializers, layers, type LayersModel, sequential } from "@tensorflow/tfjs-layers";
import type { Samples } from "../../src/learning/samples.ts";
import { adam } from "../../src/learning/tfjs/adam.ts";
import { type BackendChoice, useBackend } from "../../src/learning/tfjs/backend.ts";
import { TfjsLearner } from "../../src/learning/tfjs/learner.ts";

/** What a block of steps took. */
export interface Block {
  /** Wall-clock milliseconds of each training step. */
  readonly steps: readonly number[];
  /** Processor milliseconds of each step, all threads. */
  readonly processor: readonly number[];
}

export type Request = "train" | "evaluate";

export const stepsOfBlock = 8;

export interface Evaluation {
  /** Milliseconds to predict 600 samples, fastest of five. */
  readonly evaluation: number;
  /** Peak resident memory in MB. */
  readonly resident: number;
}

interface Workload {
  readonly input: readonly number[];
  readonly batchSize: number;
  /** Whether it can be trained with differential privacy: batch normalisation mixes the samples. */
  readonly mayBePrivate: boolean;
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
  mayBePrivate: true,
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
    mayBePrivate: true,
    layers: () => ({ layers: [dense(128, "relu", 1, [784]), dense(64, "relu", 2), dense(10, "softmax", 3)] }),
  },
  "CNN with batch normalisation": {
    input: [28, 28, 1],
    batchSize: 64,
    mayBePrivate: false,
    layers: () => ({
      layers: [
        ...[convolution(64, 3, 1, [28, 28, 1]), layers.batchNormalization(), pool()],
        ...[convolution(128, 3, 2), layers.batchNormalization(), pool()],
        ...[layers.flatten(), dense(10, "softmax", 3)],
      ],
    }),
  },
};

/** A backend, "private" (wasm, with differential privacy), "plain wasm", or the path of a module whose export takes tf and installs other kernels. */
async function start(variant: string): Promise<void> {
  if (variant === "private") {
    await useBackend("wasm");
    return;
  }
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

/** Steps as a learner takes them, the making of the batch included: the time from one's end to the next one's. */
async function train(learner: TfjsLearner, round: number): Promise<Block> {
  const steps: number[] = [];
  const processor: number[] = [];
  let before: { wall: number; used: NodeJS.CpuUsage } | undefined;
  await learner.proposeWeights(round, {
    onProgress: () => {
      if (before !== undefined) {
        steps.push(performance.now() - before.wall);
        const { user, system } = process.cpuUsage(before.used);
        processor.push((user + system) / 1000);
      }
      before = { wall: performance.now(), used: process.cpuUsage() };
    },
  });
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
  const count = 4 * batchSize;
  const size = input.reduce((product, extent) => product * extent, 1);
  const data: Samples = {
    ...{ shape: input, scale: 1 / 255 },
    inputs: Uint8Array.from({ length: count * size }, (_, index) => (index * 7919) % 251),
    targets: Uint8Array.from({ length: count }, (_, index) => index % 10),
  };
  const learner = await TfjsLearner.create({
    ...{ model, batchSize, data: { train: data, vote: data }, loss: "sparseCategoricalCrossentropy", batchSeed: [1] },
    metric: { name: "loss", direction: "minimise", tolerance: 0 },
    // One more than is measured: the first step has nothing before it.
    stepsPerProposal: stepsOfBlock + 1,
    privacy: variant === "private" ? { clippingNorm: 1, noiseMultiplier: 1 } : undefined,
    optimizer: () => adam(0.001),
  });
  const samples = tf.randomNormal([600, ...input], 0, 1, "float32", 2);
  let round = 0;
  process.on("message", (request: Request) => {
    const answer = request === "train" ? train(learner, round++) : Promise.resolve(evaluate(model, samples));
    // A model that cannot be trained here ends the process, with its reason on standard error.
    void answer.then((figures) => process.send?.(figures));
  });
  process.send("ready");
}
