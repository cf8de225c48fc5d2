import { expect } from "chai";

import { UserError } from "../../../src/errors.ts";
import { getTask, tasks } from "../../../src/tasks/registry.ts";

describe("the registry of tasks", () => {
  it("finds every task by its name", () => {
    for (const task of tasks) expect(getTask(task.name)).to.equal(task);
    expect(tasks.map(({ name }) => name)).to.include("mnist");
  });

  it("refuses an unknown name and says which there are", () => {
    expect(() => getTask("mnits"))
      .to.throw(UserError, 'no task is called "mnits"')
      .with.property(
        "remedy",
        `use one of: ${tasks.map(({ name }) => name).join(", ")}, or give the module of one of your own with --learner`,
      );
  });
});

describe("a task's parameters", () => {
  const mnist = getTask("mnist");

  it("have the defaults of colearn's example", () => {
    expect(mnist.defaults).to.deep.equal({ learningRate: 0.001, batchSize: 32, stepsPerProposal: 100 });
  });

  it("are completed", () => {
    expect(mnist.parseParams({ batchSize: 8 })).to.deep.equal({
      learningRate: 0.001,
      batchSize: 8,
      stepsPerProposal: 100,
    });
  });

  for (const [params, wrong] of [
    [{ batchSize: 0 }, "batchSize"],
    [{ batchSize: 1.5 }, "batchSize"],
    [{ learningRate: -1 }, "learningRate"],
    [{ learningRate: "0.1" }, "learningRate"],
    [{ momentum: 0.9 }, "momentum"],
  ] as const) {
    it(`are refused when they are ${JSON.stringify(params)}, in one line that names ${wrong}`, () => {
      expect(() => mnist.parseParams(params))
        .to.throw(UserError, wrong)
        .with.property("message")
        .that.does.not.contain("\n");
    });
  }
});
