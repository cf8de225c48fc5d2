import type { Evaluation, MachineLearningInterface, Model, WorkOptions } from "../../../src/learning/interface.ts";
import { throwIfAborted } from "../../../src/learning/abort.ts";
import type { Weights } from "../../../src/weights/weights.ts";

export function weightsOf(value: number): Weights {
  return { tensors: [{ name: "value", dtype: "F32", shape: [1], data: Float32Array.of(value) }] };
}

export function valueOf({ tensors }: Weights): number {
  return Number(tensors[0]?.data[0]);
}

/** Its weights are one number; training adds one, and its vote is whatever the test says. */
export class PlusOneLearner implements MachineLearningInterface {
  readonly calls: string[] = [];
  readonly #vote: (value: number) => boolean;
  #current = weightsOf(0);

  constructor(vote: (value: number) => boolean = () => true) {
    this.#vote = vote;
  }

  async proposeWeights(round: number, { signal, onProgress }: WorkOptions = {}): Promise<Weights> {
    throwIfAborted(signal);
    this.calls.push(`propose ${round}`);
    onProgress?.(1, 1);
    return weightsOf(valueOf(this.#current) + 1);
  }

  async testWeights(weights: Weights): Promise<Evaluation> {
    const value = valueOf(weights);
    this.calls.push(`test ${value}`);
    return { voteScore: value / 10, testScore: value / 100, vote: this.#vote(value) };
  }

  async acceptWeights(weights: Weights): Promise<void> {
    this.calls.push(`accept ${valueOf(weights)}`);
    this.#current = weights;
  }

  async currentWeights(): Promise<Weights> {
    return this.#current;
  }

  async currentModel(): Promise<Model> {
    return { format: "plus-one", topology: null, weights: this.#current };
  }

  async dispose(): Promise<void> {
    this.calls.push("dispose");
  }
}
