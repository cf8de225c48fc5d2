/**
 * A learner's own module (`--learner`): the mean of private numbers, by gradient steps on Poisson samples with clipped gradients
 * and Gaussian noise. Each training leaves a file in the data folder when it begins, so that a test can meet it there.
 */
import { randomInt } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import {
  defineDirectTask,
  digestOf,
  judge,
  randomFrom,
  throwIfAborted,
  z,
  type DirectSetting,
  type Evaluation,
  type MachineLearningInterface,
  type Model,
  type PrivacyCost,
  type Scores,
  type Weights,
  type WorkOptions,
} from "../../../src/learner.ts";

const SAMPLES = 200;
const MEAN = 5;
const CLIP = 1;
const LEARNING_RATE = 0.5;

const params = z.object({
  sampleRate: z.number().positive().max(1).default(0.25),
  noiseMultiplier: z.number().positive().default(2),
  steps: z.int().min(1).default(10),
  stepMilliseconds: z.int().min(0).default(100),
});

const weightsOf = (mean: number): Weights => ({
  tensors: [{ name: "mean", dtype: "F32", shape: [1], data: Float32Array.of(mean) }],
});
const meanOf = ({ tensors }: Weights) => Number(tensors[0]?.data[0]);

/** Uniform in (0, 1), from the system's generator. */
const uniform = () => (randomInt(2 ** 40) + 0.5) / 2 ** 40;
const gaussian = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());

class NoisyMean implements MachineLearningInterface {
  readonly #cost: PrivacyCost;
  readonly #stepMilliseconds: number;
  readonly #setting: DirectSetting;
  readonly #numbers: readonly number[];
  #current = weightsOf(0);

  constructor(
    { sampleRate, noiseMultiplier, steps, stepMilliseconds }: z.output<typeof params>,
    setting: DirectSetting,
  ) {
    this.#cost = { sampleRate, noiseMultiplier, steps };
    this.#stepMilliseconds = stepMilliseconds;
    this.#setting = setting;
    const random = randomFrom("numbers", setting.seed, setting.shard.index);
    this.#numbers = Array.from({ length: SAMPLES }, () => MEAN + random.below(1_000) / 1_000 - 0.5);
  }

  async proposeWeights(round: number, { signal }: WorkOptions = {}): Promise<Weights> {
    const { sampleRate, noiseMultiplier, steps } = this.#cost;
    await writeFile(join(this.#setting.shard.dataDir ?? "", `training-${round}`), "");
    let mean = meanOf(this.#current);
    for (let step = 0; step < steps; step++) {
      throwIfAborted(signal);
      await sleep(this.#stepMilliseconds);
      const batch = this.#numbers.filter(() => uniform() < sampleRate);
      const clipped = batch.map((number) => Math.max(-CLIP, Math.min(CLIP, number - mean)));
      const sum = clipped.reduce((all, one) => all + one, 0) + gaussian() * noiseMultiplier * CLIP;
      mean += (LEARNING_RATE * sum) / (sampleRate * SAMPLES);
    }
    return { ...weightsOf(mean), summary: { steps } };
  }

  async privacyCost(): Promise<PrivacyCost> {
    return this.#cost;
  }

  async testWeights(weights: Weights): Promise<Evaluation> {
    return judge(this.#setting.metric, this.#score(weights), this.#score(this.#current));
  }

  async acceptWeights(weights: Weights): Promise<void> {
    this.#current = weights;
  }

  async currentWeights(): Promise<Weights> {
    return this.#current;
  }

  async currentModel(): Promise<Model> {
    return { format: "noisy-mean", topology: digestOf(this.#current), weights: this.#current };
  }

  async dispose(): Promise<void> {
    // It holds nothing that is not its own.
  }

  #score(weights: Weights): Scores {
    const mean = meanOf(weights);
    const loss = this.#numbers.reduce((sum, number) => sum + (number - mean) ** 2, 0) / SAMPLES;
    return { voteScore: loss, testScore: loss };
  }
}

export default defineDirectTask({
  name: "noisy-mean",
  title: "The mean of private numbers",
  description: "One number, learned with noise.",
  metric: { name: "loss", direction: "minimise", tolerance: 0 },
  params,
  createModel: async () => ({ format: "noisy-mean", topology: null, weights: weightsOf(0) }),
  createLearner: async (own, setting) => new NoisyMean(own, setting),
});
