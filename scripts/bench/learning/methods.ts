/** The ways to train one model on several shards. Each ends with the weights that all, or the one, hold. */
import type { MachineLearningInterface } from "../../../src/learning/interface.ts";
import { runLocal, trainAlone } from "../../../src/learning/local-driver.ts";
import type { Weights } from "../../../src/weights/weights.ts";
import { averageOf } from "./average.ts";

export interface Outcome {
  readonly weights: Weights;
  /** Rounds whose proposal was accepted. */
  readonly accepted: number;
}

type Learners = readonly MachineLearningInterface[];

export async function trainCollectively(learners: Learners, rounds: number, approvalBps: number): Promise<Outcome> {
  let accepted = 0;
  for await (const { outcome } of runLocal({ learners, rounds, approvalBps })) {
    if (outcome === "accepted") accepted++;
  }
  return { weights: await currentOf(learners), accepted };
}

export async function trainInTurn(learners: Learners, rounds: number): Promise<Outcome> {
  for (let round = 1; round <= rounds; round++) {
    const proposer = learners[(round - 1) % learners.length];
    if (proposer === undefined) throw new RangeError("there are no learners");
    await acceptEverywhere(learners, await proposer.proposeWeights(round));
  }
  return { weights: await currentOf(learners), accepted: rounds };
}

/** @param samples how many each learner trains on: its share in the mean */
export async function trainByAveraging(
  learners: Learners,
  rounds: number,
  samples: readonly number[],
): Promise<Outcome> {
  for (let round = 1; round <= rounds; round++) {
    const trained: Weights[] = [];
    for (const learner of learners) trained.push(await learner.proposeWeights(round));
    await acceptEverywhere(learners, averageOf(trained, samples));
  }
  return { weights: await currentOf(learners), accepted: rounds };
}

/** One learner, which needs nobody's approval. */
export async function trainByItself(learners: Learners, rounds: number): Promise<Outcome> {
  await trainAlone({ learners, rounds });
  return { weights: await currentOf(learners), accepted: rounds };
}

async function acceptEverywhere(learners: Learners, weights: Weights): Promise<void> {
  await Promise.all(learners.map((learner) => learner.acceptWeights(weights)));
}

async function currentOf([first]: Learners): Promise<Weights> {
  if (first === undefined) throw new RangeError("there are no learners");
  return first.currentWeights();
}
