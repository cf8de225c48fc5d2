import { expect } from "chai";

import { LinearModel } from "../../../../src/learning/linear/model.ts";
import { ModelLearner } from "../../../../src/learning/model-learner.ts";
import { tinySamples } from "../tiny-samples.ts";
import type { Metric } from "../../../../src/weights/metric.ts";
import type { Tensor, Weights } from "../../../../src/weights/weights.ts";
import { codeOf, describeLaws } from "../laws.ts";

const data = { train: tinySamples(200, 1), vote: tinySamples(50, 2), test: tinySamples(70, 3) };
const metric: Metric = { name: "loss", direction: "minimise", tolerance: 0 };
const model = (seed: number, classes = 3): LinearModel =>
  new LinearModel(
    { features: 4, classes, loss: "log" },
    {
      ...{ alpha: 1e-3, learningRate: "optimal", eta0: 0.01, powerT: 0.5 },
      ...{ batchSize: 50, stepsPerProposal: 2, batchSeed: [seed] },
    },
  );

describe("a learner around a linear model", () => {
  describeLaws({ model, data, metric });

  it("says how many steps and samples it took", async () => {
    const { summary } = await new ModelLearner(model(1), data, metric).proposeWeights(1);
    expect(summary).to.deep.equal({ steps: 2, samples: 100 });
  });

  it("takes no batch larger than its train split", async () => {
    const small = { ...data, train: tinySamples(20, 1) };
    const { summary } = await new ModelLearner(model(1), small, metric).proposeWeights(1);
    expect(summary).to.deep.equal({ steps: 2, samples: 40 });
  });

  it("refuses weights whose next step is none", async () => {
    const one = new ModelLearner(model(1), data, metric);
    const at = async (step: number): Promise<Weights> => {
      const { tensors } = await one.proposeWeights(1);
      return {
        tensors: tensors.map((tensor) =>
          tensor.name === "nextStep" ? ({ ...tensor, data: Float64Array.of(step) } as Tensor) : tensor,
        ),
      };
    };
    expect(await codeOf(one.testWeights(await at(0)))).to.equal("weights-step");
    expect(await codeOf(one.testWeights(await at(2 ** 53)))).to.equal("weights-step");
    expect((await one.testWeights(await at(1))).voteScore).to.be.finite;
    expect(await codeOf(one.acceptWeights(await at(-5)))).to.equal("weights-step");
  });

  it("refuses samples of another size, and an empty split, at its making", () => {
    const wide = { ...data, vote: { ...tinySamples(50, 2), shape: [2, 4] } };
    expect(() => new ModelLearner(model(1), wide, metric))
      .to.throw()
      .with.property("code", "topology-mismatch");
    const empty = { ...data, train: tinySamples(0, 2) };
    expect(() => new ModelLearner(model(1), empty, metric))
      .to.throw()
      .with.property("code", "no-samples");
  });
});
