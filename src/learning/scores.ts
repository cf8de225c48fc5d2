import { createHash } from "node:crypto";

import type { Weights } from "../weights/weights.ts";
import type { Evaluation, Metric } from "./interface.ts";
import { isBetter } from "./interface.ts";
import type { Samples, Splits } from "./samples.ts";

/** The metric over a learner's two splits, without a judgement. */
export type Scores = Omit<Evaluation, "vote">;

/** How many weights' scores are remembered: the current ones, the last proposal, and some for drivers that look twice. */
const REMEMBERED = 8;

/** The sha2-256, in hex, of weights' names, types, shapes and values. The training summary is left out. */
export function digestOf(weights: Weights): string {
  const hash = createHash("sha256");
  for (const { name, dtype, shape, data } of weights.tensors) {
    hash.update(JSON.stringify([name, dtype, shape]));
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest("hex");
}

/**
 * Scores by the digest of the weights that they belong to. Scores depend on nothing but the weights and the learner's
 * data, so that weights which were tested and then accepted need no second evaluation, wherever their bytes came from.
 */
export class ScoreCache {
  readonly #scores = new Map<string, Scores>();

  get(digest: string): Scores | undefined {
    const scores = this.#scores.get(digest);
    // Moves the entry to the end, where it is the last to be forgotten.
    if (scores !== undefined) this.set(digest, scores);
    return scores;
  }

  set(digest: string, scores: Scores): void {
    this.#scores.delete(digest);
    this.#scores.set(digest, scores);
    if (this.#scores.size <= REMEMBERED) return;
    for (const oldest of this.#scores.keys()) {
      this.#scores.delete(oldest);
      break;
    }
  }
}

/** The judgement that follows from the scores of proposed and of current weights. */
export function judge(metric: Metric, proposed: Scores, current: Scores): Evaluation {
  return { ...proposed, vote: isBetter(metric, proposed.voteScore, current.voteScore) };
}

/** Scores of both splits, one after the other, by whatever gives the metric over some samples. */
export async function scoreSplits(
  { vote, test }: Splits,
  scoreOf: (samples: Samples) => Promise<number>,
): Promise<Scores> {
  const voteScore = await scoreOf(vote);
  return { voteScore, testScore: test === undefined ? NaN : await scoreOf(test) };
}
