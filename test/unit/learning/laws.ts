/** What every learner around a plain model does, whatever the model: described for one of them. */
import { expect } from "chai";

import { ColearnError } from "../../../src/errors.ts";
import type { WorkOptions } from "../../../src/learning/interface.ts";
import { ModelLearner, type PlainModel } from "../../../src/learning/model-learner.ts";
import type { Splits } from "../../../src/learning/samples.ts";
import { digestOf } from "../../../src/learning/scores.ts";
import { decodeWeights, encodeWeights } from "../../../src/weights/safetensors.ts";
import { parseProposal, specOf } from "../../../src/weights/spec.ts";
import type { Metric } from "../../../src/weights/metric.ts";
import type { Tensor, Weights } from "../../../src/weights/weights.ts";

export async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).to.be.instanceOf(ColearnError);
  return (error as ColearnError).code;
}

export interface Subject {
  /** A new model with the same parameters, but for the seed. */
  readonly model: (seed: number) => PlainModel;
  readonly data: Splits;
  readonly metric: Metric;
}

/** Work options that call the work off at its first sign of progress. */
function stopAtOnce(): WorkOptions {
  const controller = new AbortController();
  return { signal: controller.signal, onProgress: () => controller.abort() };
}

/** The weights with the first number of their first floating-point tensor replaced. */
function broken({ tensors }: Weights, value: number): Weights {
  const at = tensors.findIndex(({ dtype }) => dtype === "F32" || dtype === "F64");
  return {
    tensors: tensors.map((tensor, index) => {
      if (index !== at) return tensor;
      const data = tensor.data.slice() as Float64Array;
      data[0] = value;
      return { ...tensor, data } as Tensor;
    }),
  };
}

export function describeLaws({ model, data, metric }: Subject): void {
  const learner = (seed = 1): ModelLearner => new ModelLearner(model(seed), data, metric);

  /** A learner that has accepted its own proposals of some rounds. */
  const taught = async (rounds: number): Promise<ModelLearner> => {
    const one = learner();
    for (let round = 1; round <= rounds; round++) await one.acceptWeights(await one.proposeWeights(round));
    return one;
  };

  it("proposes other weights than the current ones, which do not change", async () => {
    const one = await taught(2);
    const before = await one.currentWeights();
    const proposal = await one.proposeWeights(3);
    expect(await one.currentWeights()).to.deep.equal(before);
    expect(digestOf(proposal)).not.to.equal(digestOf(before));
  });

  it("proposes tensors of the same names, types and shapes in every round", async () => {
    const one = learner();
    const spec = specOf(await one.currentWeights());
    for (let round = 1; round <= 4; round++) {
      const proposal = await one.proposeWeights(round);
      expect(specOf(proposal, spec.maxBytes)).to.deep.equal(spec);
      await one.acceptWeights(proposal);
    }
  });

  it("proposes the same, bit for bit, for the same weights, seed and round, whatever it did before", async () => {
    const [one, other] = [await taught(2), await taught(2)];
    await one.proposeWeights(7);
    await one.testWeights(await one.proposeWeights(8));
    expect((await one.proposeWeights(3)).tensors).to.deep.equal((await other.proposeWeights(3)).tensors);
  });

  it("proposes something else in another round and with another seed", async () => {
    const [one, other] = [learner(1), learner(2)];
    const proposals = [await one.proposeWeights(1), await one.proposeWeights(2), await other.proposeWeights(1)];
    expect(new Set(proposals.map(digestOf))).to.have.lengthOf(3);
  });

  it("learns", async () => {
    const [start, one] = [learner(), await taught(6)];
    expect((await start.testWeights(await one.currentWeights())).vote).to.be.true;
  });

  it("scores both splits, and does not change the current weights with it", async () => {
    const one = await taught(1);
    const before = await one.currentWeights();
    const { voteScore, testScore } = await one.testWeights(await one.proposeWeights(2));
    expect(voteScore).to.be.finite;
    expect(testScore).to.be.finite;
    expect(await one.currentWeights()).to.deep.equal(before);
    expect((await one.testWeights(before)).vote, "what is equal is not better").to.be.false;
  });

  it("evaluates no weights twice", async () => {
    const one = learner();
    const stepsOf = async (weights: Weights): Promise<number> => {
      let steps = 0;
      await one.testWeights(weights, { onProgress: () => steps++ });
      return steps;
    };
    const proposal = await one.proposeWeights(1);
    expect([await stepsOf(proposal), await stepsOf(proposal)]).to.deep.equal([4, 0]);
    await one.acceptWeights(structuredClone(proposal));
    expect(await stepsOf(await one.proposeWeights(2))).to.equal(2);
  });

  it("makes accepted weights the current ones, exactly, and independent of the caller's arrays", async () => {
    const one = learner();
    const proposal = await one.proposeWeights(1);
    const kept = structuredClone(proposal);
    await one.acceptWeights(proposal);
    for (const { data: values } of proposal.tensors) (values as Float32Array).fill(0);
    expect(await one.currentWeights()).to.deep.equal(kept);
  });

  it("takes its own weights back from a file, and goes on from them as if it had never stopped", async () => {
    const [one, other] = [await taught(2), learner()];
    const weights = await one.currentWeights();
    const read = parseProposal(encodeWeights(weights), specOf(await other.currentWeights()));
    expect(decodeWeights(encodeWeights(weights)).tensors).to.deep.equal(weights.tensors);
    await other.acceptWeights(read);
    expect((await other.proposeWeights(3)).tensors).to.deep.equal((await one.proposeWeights(3)).tensors);
    expect(await other.testWeights(read)).to.deep.equal(await one.testWeights(weights));
  });

  it("has a topology that survives a journey as JSON", async () => {
    const { topology } = await learner().currentModel();
    expect(JSON.parse(JSON.stringify(topology))).to.deep.equal(topology);
  });

  it("refuses weights that are not finite, or not its own tensors, and keeps its own", async () => {
    const one = await taught(1);
    const before = await one.currentWeights();
    const [first, ...others] = before.tensors as [Tensor, ...Tensor[]];
    const wrong: Weights[] = [
      broken(before, NaN),
      broken(before, Infinity),
      { tensors: others },
      { tensors: [...before.tensors, first] },
      { tensors: [{ ...first, name: "other" }, ...others] },
      { tensors: [{ ...first, shape: [1, ...first.shape] }, ...others] },
      { tensors: [{ ...first, data: first.data.slice(1) } as Tensor, ...others] },
    ];
    for (const weights of wrong) {
      expect(await codeOf(one.testWeights(weights))).to.match(/^weights-/);
      expect(await codeOf(one.acceptWeights(weights))).to.match(/^weights-/);
    }
    expect(await one.currentWeights()).to.deep.equal(before);
  });

  it("stops when called off, and then works as if it had never begun", async () => {
    const [one, other] = [learner(), learner()];
    expect(await codeOf(one.proposeWeights(1, stopAtOnce()))).to.equal("aborted");
    expect(await codeOf(one.testWeights(await one.currentWeights(), stopAtOnce()))).to.equal("aborted");
    expect((await one.proposeWeights(1)).tensors).to.deep.equal((await other.proposeWeights(1)).tensors);
  });

  it("does calls at the same time one after another, and none after it was disposed of", async () => {
    const [one, other] = [learner(), learner()];
    const [proposal] = await Promise.all([one.proposeWeights(1), one.acceptWeights(await other.proposeWeights(5))]);
    expect(proposal.tensors).to.deep.equal((await other.proposeWeights(1)).tensors);
    await one.dispose();
    expect(await codeOf(one.proposeWeights(1))).to.equal("learner-disposed");
  });
}
