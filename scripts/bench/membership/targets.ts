/** Models to attack: small, on few samples, and trained by the learner that nodes use. */
import * as tf from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { layers, sequential } from "@tensorflow/tfjs-layers";

import { epsilonOf } from "../../../src/learning/privacy/accountant.ts";
import { sampleCount, type Samples } from "../../../src/learning/samples.ts";
import { adam } from "../../../src/learning/tfjs/adam.ts";
import { inputBatch } from "../../../src/learning/tfjs/dataset.ts";
import { TfjsLearner } from "../../../src/learning/tfjs/learner.ts";
import { assignWeights } from "../../../src/learning/tfjs/weights.ts";
import { initialKernels } from "../../../src/tasks/initial-kernels.ts";
import { CLASSES, IMAGE_SHAPE } from "../../../src/tasks/mnist/files.ts";
import type { Target } from "./attacks.ts";

/** The share of the samples in a batch. */
export const RATE = 0.25;
const CLIPPING_NORM = 1;
const LEARNING_RATE = 0.02;

export interface Training {
  readonly steps: number;
  /** Of the noise; undefined without privacy. */
  readonly noiseMultiplier?: number;
}

export interface Attacked extends Target {
  readonly trainAccuracy: number;
  readonly testAccuracy: number;
}

/** The least noise, to a thousandth, with which this many steps are (ε, δ)-differentially private. */
export function noiseFor(epsilon: number, delta: number, steps: number): number {
  let [low, high] = [0.3, 100];
  while (high / low > 1.001) {
    const middle = Math.sqrt(low * high);
    if (epsilonOf([{ sampleRate: RATE, noiseMultiplier: middle, steps }], delta) > epsilon) low = middle;
    else high = middle;
  }
  return high;
}

/** Trains a model on the members of the pool, from weights and, without privacy, in batches that the seed gives. */
export async function train(
  pool: Samples,
  members: readonly number[],
  test: Samples,
  { steps, noiseMultiplier }: Training,
  seed: number,
): Promise<Attacked> {
  const own = some(pool, members);
  const model = buildModel(seed);
  const batchSize = RATE * members.length;
  const learner = await TfjsLearner.create({
    model,
    data: { train: own, vote: own },
    optimizer: () => adam(LEARNING_RATE),
    loss: "sparseCategoricalCrossentropyFromLogits",
    metric: { name: "accuracy", direction: "maximise", tolerance: 0 },
    stepsPerProposal: steps,
    batchSeed: [seed],
    // A Poisson sample may be of 50.25 samples on average: so the rate, and with it ε, is that which was asked for.
    ...(noiseMultiplier === undefined
      ? { batchSize: Math.round(batchSize) }
      : { batchSize, privacy: { clippingNorm: CLIPPING_NORM, noiseMultiplier } }),
  });
  try {
    assignWeights(model, await learner.proposeWeights(1));
    const ofPool = examine(model, pool);
    const isMember = Array.from(ofPool.isRight, () => false);
    for (const member of members) isMember[member] = true;
    return {
      margins: ofPool.margins,
      isMember,
      trainAccuracy: share(ofPool.isRight.filter((_, sample) => isMember[sample])),
      testAccuracy: share(examine(model, test).isRight),
    };
  } finally {
    await learner.dispose();
  }
}

/** 14×14 means of the image's pixels, 32 units, a logit for each class: 6634 weights. */
function buildModel(seed: number): LayersModel {
  const kernels = initialKernels(seed);
  const dense = (name: string, units: number, activation: "relu" | "linear") =>
    layers.dense({ name, units, activation, kernelInitializer: kernels() });
  return sequential({
    layers: [
      layers.averagePooling2d({ name: "pool", poolSize: 2, inputShape: [...IMAGE_SHAPE] }),
      layers.flatten({ name: "flatten" }),
      dense("hidden", 32, "relu"),
      dense("out", CLASSES, "linear"),
    ],
  });
}

function some({ inputs, targets, ...samples }: Samples, chosen: readonly number[]): Samples {
  const size = inputs.length / targets.length;
  const pixels = new Uint8Array(chosen.length * size);
  for (const [place, sample] of chosen.entries()) {
    pixels.set(inputs.subarray(sample * size, (sample + 1) * size), place * size);
  }
  return { ...samples, inputs: pixels, targets: Uint8Array.from(chosen, (sample) => targets[sample] ?? 0) };
}

/** Each sample's margin, and whether the model gives it the right class. */
function examine(model: LayersModel, samples: Samples): { margins: Float64Array; isRight: boolean[] } {
  const count = sampleCount(samples);
  const logits = tf.tidy(() => {
    const inputs = inputBatch(
      samples,
      Uint32Array.from({ length: count }, (_, sample) => sample),
    );
    return (model.predictOnBatch(inputs) as tf.Tensor).dataSync();
  });
  const margins = new Float64Array(count);
  const isRight: boolean[] = [];
  for (let sample = 0; sample < count; sample++) {
    const others = [...logits.subarray(sample * CLASSES, (sample + 1) * CLASSES)];
    const [right = NaN] = others.splice(samples.targets[sample] ?? 0, 1);
    const largest = Math.max(...others);
    margins[sample] = right - largest - Math.log(others.reduce((sum, logit) => sum + Math.exp(logit - largest), 0));
    isRight.push(right > largest);
  }
  return { margins, isRight };
}

function share(isRight: readonly boolean[]): number {
  return isRight.filter(Boolean).length / isRight.length;
}
