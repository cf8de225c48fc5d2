/** Laws on what the calls do to the current weights, and on what they give away. */
import { isDeepStrictEqual } from "node:util";

import { encodeWeights } from "../../weights/safetensors.ts";
import { checkWeights, parseProposal, specOf } from "../../weights/spec.ts";
import { digestOf } from "../scores.ts";
import { Broken, explain, type Remark, demand, demandCurrent, type Trial } from "./trial.ts";

export async function modelIsConstant({ subject, model }: Trial): Promise<Remark> {
  checkWeights(model.weights, specOf(model.weights));
  const journey: unknown = JSON.parse(JSON.stringify(model.topology ?? null));
  demand(isDeepStrictEqual(journey, model.topology), "the topology is not plain JSON");
  const again = await subject.createModel();
  demand(
    digestOf(again.weights) === digestOf(model.weights),
    "made again, the initial weights, or their names, are others: draw them from the seed, and name every layer",
  );
  if (isDeepStrictEqual(again.topology, model.topology)) return undefined;
  return { outcome: "doubtful", detail: "made again, the topology is another: the model may want a name" };
}

export async function proposalFits({ model, withLearner }: Trial): Promise<Remark> {
  const proposal = await withLearner((learner) => learner.proposeWeights(1));
  checkWeights(proposal, specOf(model.weights));
  return undefined;
}

export async function proposingKeeps({ model, withLearner }: Trial): Promise<Remark> {
  return withLearner(async (learner) => {
    await learner.proposeWeights(1);
    await demandCurrent(learner, digestOf(model.weights), "after proposing, the current weights are others");
    return undefined;
  });
}

export async function testingKeeps({ model, withLearner }: Trial): Promise<Remark> {
  return withLearner(async (learner) => {
    await learner.testWeights(await learner.proposeWeights(1));
    await demandCurrent(learner, digestOf(model.weights), "after testing others, the current weights are others");
    return undefined;
  });
}

export async function acceptingTakes({ model, withLearner }: Trial): Promise<Remark> {
  return withLearner(async (learner) => {
    const proposal = await learner.proposeWeights(1);
    const digest = digestOf(proposal);
    const received = parseProposal(encodeWeights(proposal), specOf(model.weights));
    demand(digestOf(received) === digest, "written to a file and read again, the proposal is another");
    await learner.acceptWeights(received);
    await demandCurrent(learner, digest, "after accepting, the current weights are not those that were accepted");
    const { weights } = await learner.currentModel();
    demand(digestOf(weights) === digest, "after accepting, the current model has other weights");
    return undefined;
  });
}

export async function proposalIsGiven({ model, withLearner }: Trial): Promise<Remark> {
  return withLearner(async (learner) => {
    const proposal = await learner.proposeWeights(1);
    const copy = structuredClone(proposal);
    const buffers = new Set(proposal.tensors.map(({ data }) => data.buffer as ArrayBuffer));
    structuredClone(proposal, { transfer: [...buffers] });
    // Arrays that were moved away cannot even be read.
    const current = await learner
      .currentWeights()
      .then(digestOf)
      .catch(() => undefined);
    demand(current === digestOf(model.weights), "moved away, the proposal takes the current weights along");
    await learner.testWeights(copy);
    checkWeights(await learner.proposeWeights(2), specOf(model.weights));
    return undefined;
  });
}

export async function resultsAreClonable({ withLearner }: Trial): Promise<Remark> {
  return withLearner(async (learner) => {
    const proposal = await learner.proposeWeights(1);
    const results: Readonly<Record<string, unknown>> = {
      "the proposal": proposal,
      "the evaluation": await learner.testWeights(proposal),
      "the current weights": await learner.currentWeights(),
      "the current model": await learner.currentModel(),
      "the privacy cost": await learner.privacyCost?.(),
    };
    for (const [what, value] of Object.entries(results)) {
      let copy: unknown;
      try {
        copy = structuredClone(value);
      } catch (error) {
        throw new Broken(`${what} cannot be cloned: ${explain(error)}`);
      }
      demand(isDeepStrictEqual(copy, value), `${what} is another after cloning: it is more than plain data`);
    }
    return undefined;
  });
}
