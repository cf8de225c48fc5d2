/** Laws on scores and votes, on a learner's own weights and on a stranger's. */
import { isDeepStrictEqual } from "node:util";

import { type Evaluation, isBetter, type Metric } from "../interface.ts";
import { digestOf } from "../scores.ts";
import { distort } from "./distortions.ts";
import { type Remark, demand, demandCurrent, type Trial } from "./trial.ts";

export async function votesFollow({ subject: { metric }, withLearner }: Trial): Promise<Remark> {
  return withLearner(async (learner) => {
    const own = await learner.currentWeights();
    const current = await learner.testWeights(own);
    const proposal = await learner.proposeWeights(1);
    const proposed = await learner.testWeights(proposal);
    for (const { voteScore, testScore } of [current, proposed]) {
      demand(Number.isFinite(voteScore), `a vote score is ${voteScore}`);
      demand(Number.isFinite(testScore) || Number.isNaN(testScore), `a test score is ${testScore}`);
    }
    demand(!current.vote, "it approves weights that are its own already");
    demandVote(metric, proposed, current);
    const again = await learner.testWeights(proposal);
    demand(isDeepStrictEqual(again, proposed), "tested again, the same weights have other scores or another vote");
    // The other way round: from the proposed weights back to those that were current.
    await learner.acceptWeights(proposal);
    demandVote(metric, await learner.testWeights(own), proposed);
    return undefined;
  });
}

function demandVote(metric: Metric, proposed: Evaluation, current: Evaluation): void {
  const should = isBetter(metric, proposed.voteScore, current.voteScore);
  const scores = `the score ${proposed.voteScore} after ${current.voteScore}`;
  demand(
    proposed.vote === should,
    `it votes ${proposed.vote} on ${scores}, where ${metric.name} is to ${metric.direction}`,
  );
}

export async function strangersAreRefused({ subject, model, withLearner }: Trial): Promise<Remark> {
  return withLearner(async (learner) => {
    const before = await learner.testWeights(model.weights);
    for (const { what, isSound, weights } of distort(model.weights)) {
      const evaluation = await learner.testWeights(weights).catch((error: unknown) => {
        demand(error instanceof Error, `${what}: it throws ${String(error)}, which is no error`);
      });
      if (isSound && evaluation !== undefined) demandVote(subject.metric, evaluation, before);
      else demand(evaluation?.vote !== true, `${what}: it approves`);
      await demandCurrent(learner, digestOf(model.weights), `${what}: they became the current weights`);
    }
    const after = await learner.testWeights(model.weights);
    demand(isDeepStrictEqual(after, before), "after them, its own weights have other scores");
    return undefined;
  });
}
