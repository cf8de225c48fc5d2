/** A worker's entry for tests: a learner with the manners that the options ask for. */
import { setTimeout } from "node:timers/promises";
import { threadId } from "node:worker_threads";

import { ColearnError, UserError } from "../../../../src/errors.ts";
import type { WorkOptions } from "../../../../src/learning/interface.ts";
import { serveLearner } from "../../../../src/learning/worker/serve.ts";
import type { Weights } from "../../../../src/weights/weights.ts";
import { PlusOneLearner, valueOf } from "../plus-one-learner.ts";
import type { FixtureOptions } from "./moods.ts";
import { rounds } from "./moods.ts";

class MoodyLearner extends PlusOneLearner {
  override async proposeWeights(round: number, work: WorkOptions = {}): Promise<Weights> {
    if (round === rounds.throwColearnError) throw new ColearnError("no-mood", "not today", { remedy: "ask tomorrow" });
    if (round === rounds.throwDefect) throw new TypeError("a defect");
    if (round === rounds.crash) process.nextTick(() => void JSON.parse("{"));
    if (round === rounds.exit) process.exit(3);
    if (round === rounds.untilAborted) return untilAborted(work);
    if (round === rounds.busy) spin(1500);
    work.onProgress?.(1, 2);
    await setTimeout(1);
    const result = await super.proposeWeights(round);
    work.onProgress?.(2, 2);
    return result;
  }

  override async acceptWeights(weights: Weights): Promise<void> {
    if (valueOf(weights) < 0) throw new ColearnError("weights-mismatch", "too small");
    await super.acceptWeights(weights);
  }
}

async function untilAborted({ signal, onProgress }: WorkOptions): Promise<never> {
  onProgress?.(0, 1);
  return new Promise((_, reject) => {
    signal?.addEventListener("abort", () => reject(new ColearnError("aborted", "as asked")));
    // Keeps the thread busy with something.
    setInterval(() => undefined, 1000);
  });
}

function spin(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

await serveLearner(async (options) => {
  const { start, learner } = options as FixtureOptions;
  if (start === "user-error") throw new UserError("data-missing", "there is no folder x", { remedy: "make one" });
  if (start === "defect") throw new RangeError("a defect at the start");
  if (start === "exit") process.exit(4);
  const info = { threadId };
  if (learner !== "tiny") return { learner: new MoodyLearner(), info };
  // Loaded only where it is needed: it takes longer to start than the rest.
  const { plainModel, tinyLearner, useCpu } = await import("../tfjs/tiny.ts");
  await useCpu();
  return { learner: await tinyLearner({ model: plainModel(), stepsPerProposal: 100 }), info };
});
