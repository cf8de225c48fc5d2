/** Laws on what training depends on, and on calling it off. */
import { setTimeout as sleep } from "node:timers/promises";

import { checkWeights, specOf } from "../../weights/spec.ts";
import type { MachineLearningInterface } from "../interface.ts";
import { digestOf } from "../scores.ts";
import { Broken, type Remark, demand, demandCurrent, type Trial } from "./trial.ts";

const PATIENCE_MILLISECONDS = 10_000;
/** Until a training that reports no progress is called off. */
const UNDER_WAY_MILLISECONDS = 20;

export async function roundsRepeat({ withLearner }: Trial): Promise<Remark> {
  const first = await withLearner(async (learner) => {
    const before = digestOf(await learner.proposeWeights(1));
    await learner.proposeWeights(2);
    return { before, after: digestOf(await learner.proposeWeights(1)), isPrivate: await isPrivate(learner) };
  });
  const other = digestOf(await withLearner((learner) => learner.proposeWeights(1)));
  if (first.before === first.after && first.before === other) return undefined;
  if (first.isPrivate) return { outcome: "skipped", detail: "training is private, and its noise is never the same" };
  demand(first.before === first.after, "asked again after another round, the learner proposes other weights");
  throw new Broken("a new learner proposes other weights than the one before: after a restart, so would a node");
}

async function isPrivate(learner: MachineLearningInterface): Promise<boolean> {
  return (await learner.privacyCost?.()) !== undefined;
}

export async function roundsDiffer({ model, withLearner }: Trial): Promise<Remark> {
  const proposals = await withLearner(async (learner) => [
    digestOf(await learner.proposeWeights(1)),
    digestOf(await learner.proposeWeights(2)),
  ]);
  if (proposals.includes(digestOf(model.weights))) {
    return { outcome: "doubtful", detail: "a proposal is the current weights: the ledger refuses it" };
  }
  if (new Set(proposals).size === proposals.length) return undefined;
  return { outcome: "doubtful", detail: "two rounds propose the same weights: once rejected, they are proposed again" };
}

export async function abortingStops({ subject, model, withLearner }: Trial): Promise<Remark> {
  const patience = subject.patienceMilliseconds ?? PATIENCE_MILLISECONDS;
  return withLearner(async (learner) => {
    const before = await within(patience, stopped(learner.proposeWeights(1, { signal: AbortSignal.abort() })));
    demand(before, "called off before it began, the training goes on to its end");
    const controller = new AbortController();
    const stop = () => controller.abort();
    const training = stopped(learner.proposeWeights(1, { signal: controller.signal, onProgress: stop }));
    await Promise.race([training, sleep(UNDER_WAY_MILLISECONDS)]);
    stop();
    await within(patience, training);
    await demandCurrent(learner, digestOf(model.weights), "called off, the training has changed the current weights");
    checkWeights(await learner.proposeWeights(2), specOf(model.weights));
    return undefined;
  });
}

/** Whether work ended without a result. */
async function stopped(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => false,
    () => true,
  );
}

async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  const late = new AbortController();
  const started = performance.now();
  const timer = sleep(milliseconds, undefined, { signal: late.signal }).then(
    () => true,
    () => false,
  );
  const first = await Promise.race([work.then((value) => ({ value })), timer]);
  late.abort();
  // A thread that does nothing but compute lets no timer through.
  if (typeof first === "object" && performance.now() - started <= milliseconds) return first.value;
  throw new Broken(`called off, it did not stop within ${milliseconds / 1000} s`);
}
