/** Laws on what a learner holds of tfjs' memory. */
import type { MachineLearningInterface } from "../interface.ts";
import { type Remark, demand, type Trial } from "./trial.ts";

const ROUNDS_FOR_LEAKS = 3;

export async function roundsLeaveNothing({ subject: { tensors }, withLearner }: Trial): Promise<Remark> {
  if (tensors === undefined) return { outcome: "skipped", detail: "it does not compute with tfjs" };
  return withLearner(async (learner) => {
    // What is made once, in the first round, may stay.
    await liveRound(learner, 1);
    const before = tensors();
    for (let round = 2; round < 2 + ROUNDS_FOR_LEAKS; round++) await liveRound(learner, round);
    const more = tensors() - before;
    demand(more <= 0, `${ROUNDS_FOR_LEAKS} rounds leave ${more} tensors behind`);
    return undefined;
  });
}

async function liveRound(learner: MachineLearningInterface, round: number): Promise<void> {
  const proposal = await learner.proposeWeights(round);
  await learner.testWeights(proposal);
  await learner.acceptWeights(proposal);
  await learner.currentModel();
}

export async function disposingFrees({ subject: { createLearner, tensors }, model }: Trial): Promise<Remark> {
  const live = async () => {
    const learner = await createLearner();
    await learner.acceptWeights(model.weights);
    await liveRound(learner, 1);
    await learner.dispose();
    await learner.dispose();
  };
  await live();
  const before = tensors?.() ?? 0;
  await live();
  const more = (tensors?.() ?? 0) - before;
  demand(more <= 0, `${more} tensors stay after disposing`);
  return undefined;
}
