/** One run: a setting with a seed, from the data to the accuracy on the test images. */
import type { MachineLearningInterface } from "../../../src/learning/interface.ts";
import type { Samples, Splits } from "../../../src/learning/samples.ts";
import { sampleCount } from "../../../src/learning/samples.ts";
import { IMAGE_SHAPE, CLASSES } from "../../../src/tasks/mnist/files.ts";
import { mnistCnn } from "../../../src/tasks/mnist/mnist.ts";
import type { Weights } from "../../../src/weights/weights.ts";
import { trainByAveraging, trainCollectively, trainInTurn, trainByItself, type Outcome } from "./methods.ts";
import type { Setting } from "./setting.ts";
import { loadShards } from "./shards.ts";

export interface Result {
  /** On the test images; one for each learner that trained alone, else one. */
  readonly accuracy: readonly number[];
  /** Rounds whose proposal was accepted. */
  readonly accepted: number;
  /** Optimiser steps of all learners together (of each, where they train alone). */
  readonly steps: number;
  readonly seconds: number;
}

/** Where shards differ, one learner alone says little: as many are trained as this, each time others. */
const ALONE_OF_DIFFERENT_SHARDS = 2;

/** Steps of one proposal, so that all learners' rounds together come as near to the total as whole steps can. */
export function stepsPerProposal({ method, learners, rounds }: Setting, totalSteps: number): number {
  const proposals = method === "averaging" ? rounds * learners : rounds;
  return Math.max(1, Math.round(totalSteps / proposals));
}

export async function run(setting: Setting, seed: number, totalSteps: number, test: Samples): Promise<Result> {
  const start = performance.now();
  const steps = stepsPerProposal(setting, totalSteps);
  const shards = await loadShards(setting, seed);
  const outcomes: Outcome[] = [];
  const making = { setting, seed, steps };
  if (setting.method === "alone") {
    const count = setting.split === "iid" ? 1 : ALONE_OF_DIFFERENT_SHARDS;
    for (let place = 0; place < count; place++) {
      const firstIndex = (seed + place * 2) % setting.learners;
      const own = shards.slice(firstIndex, firstIndex + 1);
      outcomes.push(
        await withLearners(own, { ...making, firstIndex }, (learners) => trainByItself(learners, setting.rounds)),
      );
    }
  } else {
    outcomes.push(
      await withLearners(shards, { ...making, firstIndex: 0 }, (learners) => trainTogether(learners, setting, shards)),
    );
  }
  const accuracy: number[] = [];
  for (const { weights } of outcomes) accuracy.push(await accuracyOf(weights, test));
  const proposals = setting.method === "averaging" ? setting.rounds * setting.learners : setting.rounds;
  return {
    accuracy,
    accepted: outcomes[0]?.accepted ?? 0,
    steps: steps * proposals,
    seconds: Math.round(performance.now() - start) / 1000,
  };
}

function trainTogether(
  learners: readonly MachineLearningInterface[],
  { method, rounds, approvalBps }: Setting,
  shards: readonly Splits[],
): Promise<Outcome> {
  if (method === "averaging") {
    const samples = shards.map(({ train }) => sampleCount(train));
    return trainByAveraging(learners, rounds, samples);
  }
  return method === "in turn" ? trainInTurn(learners, rounds) : trainCollectively(learners, rounds, approvalBps);
}

interface Making {
  readonly setting: Setting;
  readonly seed: number;
  readonly steps: number;
  readonly firstIndex: number;
}

/** All begin with the weights that the seed gives. */
async function withLearners(
  shards: readonly Splits[],
  { setting, seed, steps, firstIndex }: Making,
  work: (learners: readonly MachineLearningInterface[]) => Promise<Outcome>,
): Promise<Outcome> {
  const learners: MachineLearningInterface[] = [];
  try {
    for (const [place, data] of shards.entries()) {
      learners.push(
        await createLearner(data, steps, { seed, index: firstIndex + place, tolerance: setting.tolerance }),
      );
    }
    return await work(learners);
  } finally {
    for (const learner of learners) await learner.dispose();
  }
}

async function createLearner(
  data: Splits,
  steps: number,
  { seed, index, tolerance }: { seed: number; index: number; tolerance: number },
): Promise<MachineLearningInterface> {
  return mnistCnn.createLearner(mnistCnn.params.parse({ stepsPerProposal: steps }), {
    sample: { shape: IMAGE_SHAPE, classes: CLASSES },
    data,
    seed,
    index,
    metric: { name: "accuracy", direction: "maximise", tolerance },
  });
}

/** A learner that votes with the test images is what computes the accuracy everywhere else, too. */
async function accuracyOf(weights: Weights, test: Samples): Promise<number> {
  const examiner = await createLearner({ train: test, vote: test }, 1, { seed: 1, index: 0, tolerance: 0 });
  try {
    await examiner.acceptWeights(weights);
    return (await examiner.testWeights(weights)).voteScore;
  } finally {
    await examiner.dispose();
  }
}
