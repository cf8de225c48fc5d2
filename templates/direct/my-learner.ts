/**
 * A task of your own whose learner implements the machine learning interface itself: any computation, any format of data.
 * This one is a logistic regression in plain JavaScript. Try it with `npx colearn learner test my-learner.ts`.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";

import {
  ColearnError,
  defineDirectTask,
  type DirectSetting,
  type Evaluation,
  judge,
  type MachineLearningInterface,
  type Model,
  randomFrom,
  throwIfAborted,
  UserError,
  type Weights,
  type WorkOptions,
  z,
} from "colearn-ledger/learner";

/** A sample a line: two numbers and a class, as `0.25,-0.5,1`. Without --data-dir, the ones beside this file are read. */
const FILE = "points.csv";
const params = z.object({ learningRate: z.number().positive().default(0.5), steps: z.int().min(1).default(500) });

interface Point {
  /** 1, x, y, x² and y²: with them a circle is a plane. */
  readonly features: readonly number[];
  /** 0 or 1. */
  readonly label: number;
}
const FEATURES = 5;

async function readPoints(folder: string): Promise<Point[]> {
  const path = join(folder, FILE);
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new UserError("data-missing", `there is no file ${path}`, {
      remedy: "name its folder with --data-dir",
      cause,
    });
  });
  return text
    .trim()
    .split("\n")
    .map((line, at) => {
      const [x = NaN, y = NaN, label = NaN] = line.split(",").map(Number);
      if (!Number.isFinite(x + y) || (label !== 0 && label !== 1)) {
        throw new UserError("data-malformed", `line ${at + 1} of ${path} is not two numbers and a class, 0 or 1`);
      }
      return { features: [1, x, y, x * x, y * y], label };
    });
}

/** Weights travel as named tensors; the initial ones are the same for everyone. */
function weightsOf(coefficients: Float32Array): Weights {
  return { tensors: [{ name: "coefficients", dtype: "F32", shape: [FEATURES], data: coefficients.slice() }] };
}

/** Foreign weights are refused before they touch anything: whoever throws here votes to reject. */
function coefficientsOf({ tensors }: Weights): Float32Array {
  const [tensor] = tensors;
  const fits = tensors.length === 1 && tensor?.name === "coefficients" && String(tensor.shape) === String(FEATURES);
  if (fits && tensor.dtype === "F32" && tensor.data.length === FEATURES) return tensor.data.slice();
  throw new ColearnError("weights-mismatch", "these are not five coefficients");
}

function modelOf(coefficients: Float32Array): Model {
  return { format: "points-logistic", topology: { features: "1 x y xx yy" }, weights: weightsOf(coefficients) };
}

/** The probability of class 1. */
function predict(coefficients: Float32Array, features: readonly number[]): number {
  return 1 / (1 + Math.exp(-features.reduce((sum, feature, at) => sum + feature * (coefficients[at] ?? NaN), 0)));
}

/** The mean loss, of which less is better; NaN where there are no points, or where weights are no numbers. */
function lossOf(coefficients: Float32Array, points: readonly Point[]): number {
  const losses = points.map(({ features, label }) => {
    const probability = predict(coefficients, features);
    return -Math.log(Math.max(label === 1 ? probability : 1 - probability, 1e-12));
  });
  return losses.reduce((sum, loss) => sum + loss, 0) / points.length;
}

class LogisticLearner implements MachineLearningInterface {
  readonly #train: readonly Point[];
  readonly #vote: readonly Point[];
  readonly #test: readonly Point[];
  readonly #params: z.output<typeof params>;
  readonly #setting: DirectSetting;
  #current: Float32Array = new Float32Array(FEATURES);

  constructor(points: readonly Point[], given: z.output<typeof params>, setting: DirectSetting) {
    const trained = Math.round(points.length * setting.shard.trainRatio);
    this.#train = points.slice(0, trained);
    const rest = points.slice(trained);
    this.#vote = rest.filter((_, at) => at % 2 === 0);
    this.#test = rest.filter((_, at) => at % 2 === 1);
    this.#params = given;
    this.#setting = setting;
  }

  /** Depends on the current weights and on the round only, so that a node which starts again proposes the same. */
  async proposeWeights(round: number, { signal, onProgress }: WorkOptions = {}): Promise<Weights> {
    const { learningRate, steps } = this.#params;
    const random = randomFrom("steps", this.#setting.seed, this.#setting.shard.index, round);
    const trained = this.#current.slice();
    for (let step = 1; step <= steps; step++) {
      if (step % 100 === 1) await setImmediate();
      throwIfAborted(signal);
      const point = this.#train[random.below(this.#train.length)];
      if (point === undefined) break;
      const error = predict(trained, point.features) - point.label;
      point.features.forEach((feature, at) => (trained[at] = (trained[at] ?? 0) - learningRate * error * feature));
      onProgress?.(step, steps);
    }
    return { ...weightsOf(trained), summary: { steps, samples: steps } };
  }

  async testWeights(weights: Weights): Promise<Evaluation> {
    const scores = (coefficients: Float32Array) => ({
      voteScore: lossOf(coefficients, this.#vote),
      testScore: lossOf(coefficients, this.#test),
    });
    return judge(this.#setting.metric, scores(coefficientsOf(weights)), scores(this.#current));
  }

  async acceptWeights(weights: Weights): Promise<void> {
    this.#current = coefficientsOf(weights);
  }

  async currentWeights(): Promise<Weights> {
    return weightsOf(this.#current);
  }

  async currentModel(): Promise<Model> {
    return modelOf(this.#current);
  }

  async dispose(): Promise<void> {
    // Nothing is held that would have to be freed.
  }
}

export default defineDirectTask({
  name: "points-logistic",
  title: "Points inside a circle, by logistic regression",
  description: "points of a plane, inside a circle or outside, told apart by a logistic regression",
  metric: { name: "loss", direction: "minimise", tolerance: 0 },
  params,
  createModel: async () => modelOf(new Float32Array(FEATURES)),
  createLearner: async (given, setting) => {
    const { dataDir, index, learners } = setting.shard;
    const points = await readPoints(dataDir ?? join(import.meta.dirname, "data"));
    // Of points that all have, every learner takes its part.
    return new LogisticLearner(
      points.filter((_, at) => at % learners === index),
      given,
      setting,
    );
  },
});
