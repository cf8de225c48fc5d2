/** A scripted experiment under our local driver. */
import type { Evaluation, MachineLearningInterface, Metric, Model } from "../../src/learning/interface.ts";
import { isBetter } from "../../src/learning/interface.ts";
import { runLocal } from "../../src/learning/local-driver.ts";
import type { Weights } from "../../src/weights/weights.ts";
import { approvalBpsOf, type ScriptedExperiment } from "./experiments.ts";

/** What became of a round, under either driver. */
export interface PlayedRound {
  /** Index of the learner. */
  readonly proposer: number;
  /** One a learner. Null for a proposer that has no vote. */
  readonly votes: readonly (boolean | null)[];
  readonly scores: readonly number[];
  readonly accepted: boolean;
}

/** @param approvesTies whether learners approve what is just as good as the current weights: ours do not, some of colearn's do */
export async function playOurs(experiment: ScriptedExperiment, approvesTies: boolean): Promise<PlayedRound[]> {
  const { rounds, threshold, direction } = experiment;
  const learners = experiment.scores.map((scores) => new ScriptedLearner(scores, direction, approvesTies));
  const played: PlayedRound[] = [];
  for await (const round of runLocal({ learners, rounds, approvalBps: approvalBpsOf(threshold) })) {
    played.push({
      proposer: round.proposer,
      votes: round.votes.map(({ approve }) => approve),
      scores: round.votes.map(({ voteScore }) => voteScore),
      accepted: round.outcome === "accepted",
    });
  }
  return played;
}

/** Its weights are the number of the round that made them. */
class ScriptedLearner implements MachineLearningInterface {
  readonly #scores: readonly number[];
  readonly #metric: Metric;
  readonly #approvesTies: boolean;
  #current = 0;

  constructor(scores: readonly number[], direction: Metric["direction"], approvesTies: boolean) {
    this.#scores = scores;
    this.#metric = { name: "score", direction, tolerance: 0 };
    this.#approvesTies = approvesTies;
  }

  async proposeWeights(round: number): Promise<Weights> {
    return weightsOf(round);
  }

  async testWeights(weights: Weights): Promise<Evaluation> {
    const [proposed, current] = [this.#scoreOf(roundOf(weights)), this.#scoreOf(this.#current)];
    const vote = this.#approvesTies
      ? !isBetter(this.#metric, current, proposed)
      : isBetter(this.#metric, proposed, current);
    return { voteScore: proposed, testScore: NaN, vote };
  }

  async acceptWeights(weights: Weights): Promise<void> {
    this.#current = roundOf(weights);
  }

  async currentWeights(): Promise<Weights> {
    return weightsOf(this.#current);
  }

  async currentModel(): Promise<Model> {
    return { format: "scripted", topology: null, weights: weightsOf(this.#current) };
  }

  async dispose(): Promise<void> {
    // It holds nothing.
  }

  #scoreOf(round: number): number {
    const score = this.#scores[round];
    if (score === undefined) throw new RangeError(`there is no score for the weights of round ${round}`);
    return score;
  }
}

function weightsOf(round: number): Weights {
  return { tensors: [{ name: "round", dtype: "F32", shape: [], data: Float32Array.of(round) }] };
}

function roundOf({ tensors }: Weights): number {
  return Number(tensors[0]?.data[0]);
}
