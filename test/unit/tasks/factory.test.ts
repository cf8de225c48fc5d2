import { expect } from "chai";
import { z } from "zod";

import type { UserError } from "../../../src/errors.ts";
import type { MachineLearningInterface, Model } from "../../../src/learning/interface.ts";
import { defineDataLoader } from "../../../src/tasks/data-loader.ts";
import { LearnerFactory } from "../../../src/tasks/factory.ts";
import { defineModel, type LearnerSetting } from "../../../src/tasks/model.ts";
import { factory } from "../../../src/tasks/registry.ts";
import { defineTask } from "../../../src/tasks/task.ts";
import { PlusOneLearner, weightsOf } from "../learning/plus-one-learner.ts";

const numbers = defineDataLoader({
  name: "numbers",
  description: "numbers",
  params: z.object({ width: z.int().default(2) }),
  sample: ({ width }) => ({ shape: [width] }),
  open: async ({ width }) => ({
    targets: Float32Array.from({ length: 10 }, (_, index) => index),
    read: async (wanted) => ({
      shape: [width],
      inputs: Float32Array.from({ length: width * wanted.length }, (_, place) => wanted[Math.floor(place / width)]!),
      scale: 1,
      targets: Float32Array.from(wanted),
    }),
  }),
});

let setting: LearnerSetting | undefined;
const plusOne = defineModel({
  name: "plus-one",
  description: "adds one",
  compatible: ["numbers"],
  params: z.object({ step: z.number().default(1) }),
  usesTfjs: false,
  createModel: async ({ step }, { shape }): Promise<Model> => ({
    format: "plus-one",
    topology: { step, shape },
    weights: weightsOf(0),
  }),
  createLearner: async (_params, given): Promise<MachineLearningInterface> => {
    setting = given;
    return new PlusOneLearner();
  },
});

const definition = {
  name: "counting",
  title: "Counting",
  description: "counts",
  data: numbers,
  model: plusOne,
  metric: { name: "value", direction: "maximise", tolerance: 0 },
  trainRatio: 0.6,
} as const;

describe("a task of a data loader and a model", () => {
  it("has the parameters of both, and its own defaults before theirs", () => {
    expect(defineTask(definition).defaults).to.deep.equal({ width: 2, step: 1 });
    const own = defineTask({ ...definition, params: { step: 5 } });
    expect(own.defaults).to.deep.equal({ width: 2, step: 5 });
    expect(own.parseParams({ step: 6 })).to.deep.equal({ width: 2, step: 6 });
  });

  it("builds its model for the loader's samples", async () => {
    const { topology } = await defineTask(definition).createModel({ width: 3 }, 42);
    expect(topology).to.deep.equal({ step: 1, shape: [3] });
  });

  it("gives its learner the shard's splits, and what the samples are", async () => {
    await defineTask(definition).createLearner({
      params: { width: 3 },
      shard: { index: 1, learners: 1 + 1, split: "iid", seed: 1, trainRatio: 0.6 },
      seed: 7,
      metric: definition.metric,
    });
    expect(setting).to.deep.include({ seed: 7, index: 1, sample: { shape: [3] } });
    const { train, vote, test } = setting!.data;
    expect([train, vote, test!].map(({ targets }) => targets.length)).to.deep.equal([3, 1, 1]);
    for (const { inputs, targets } of [train, vote, test!]) {
      expect([...inputs]).to.deep.equal([...targets].flatMap((target) => [target, target, target]));
    }
  });

  const shard = { index: 0, learners: 2, split: "iid", seed: 1, trainRatio: 0.6 } as const;
  const learnerOptions = { params: {}, shard, seed: 7, metric: definition.metric };

  it("refuses to split values by classes, in one line", async () => {
    const task = defineTask(definition);
    for (const split of ["label-skew", "dirichlet"] as const) {
      const { code, message } = await task.createLearner({ ...learnerOptions, shard: { ...shard, split } }).then(
        () => expect.fail("it did not"),
        (error: unknown) => error as UserError,
      );
      expect(code).to.equal("split");
      expect(message).to.equal(`the samples of numbers have values, not classes, so no split ${split} of them`);
    }
  });

  it("learns of the train split alone what it changes all splits by", async () => {
    const data = defineDataLoader({
      ...numbers,
      fit: (_params, { targets }) => {
        const largest = Math.max(...targets);
        return ({ inputs }) => {
          for (const [place, input] of inputs.entries()) inputs[place] = input - largest;
        };
      },
    });
    await defineTask({ ...definition, data }).createLearner({ ...learnerOptions, shard: { ...shard, learners: 1 } });
    const { train, vote, test } = setting!.data;
    const largest = Math.max(...train.targets);
    for (const { inputs, targets } of [train, vote, test!]) {
      expect([...inputs]).to.deep.equal([...targets].flatMap((target) => [target - largest, target - largest]));
    }
  });

  it("is refused where its model does not take such samples, or both name the same parameter", () => {
    const deaf = defineModel({ ...plusOne, compatible: ["letters"] });
    expect(() => defineTask({ ...definition, model: deaf })).to.throw(TypeError, "does not take samples of numbers");
    const alike = defineModel({ ...plusOne, params: z.object({ width: z.number().default(1) }) });
    expect(() => defineTask({ ...definition, model: alike })).to.throw(TypeError, "share the parameter width");
  });
});

describe("a factory of learners", () => {
  it("knows all that was registered, and which models take which samples", () => {
    const own = new LearnerFactory().registerTask(defineTask(definition));
    expect(own.task("counting").name).to.equal("counting");
    expect(own.dataLoaders).to.deep.equal([numbers]);
    expect(own.models).to.deep.equal([plusOne]);
    expect([...own.compatibilities]).to.deep.equal([["plus-one", ["numbers"]]]);
  });

  it("refuses a second one of a name, and a model of samples that nobody loads", () => {
    const own = new LearnerFactory().registerTask(defineTask(definition));
    expect(() => own.registerTask(defineTask(definition))).to.throw(TypeError, "a task called counting already");
    expect(() => own.registerDataLoader(defineDataLoader({ ...numbers }))).to.throw(TypeError, "numbers already");
    expect(() => new LearnerFactory().registerModel(plusOne)).to.throw(TypeError, "which is no data loader here");
  });

  it("comes with tasks whose every default is sound", () => {
    for (const task of factory.tasks) {
      expect(task.parseParams(task.defaults), task.name).to.deep.equal(task.defaults);
      expect(task.data.sample(task.defaults).shape, task.name).not.to.be.empty;
    }
  });
});
