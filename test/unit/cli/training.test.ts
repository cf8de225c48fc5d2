import { expect } from "chai";
import { z } from "zod";

import { taskParams } from "../../../src/cli/training.ts";
import { UserError } from "../../../src/errors.ts";
import { getTask } from "../../../src/tasks/registry.ts";
import { defineModel } from "../../../src/tasks/model.ts";
import { defineTask } from "../../../src/tasks/task.ts";

const mnist = getTask("mnist");
const params = z.object({
  depth: z.int().default(8),
  kind: z.string().default("plain"),
  wide: z.boolean().default(false),
});
const task = defineTask({ ...mnist, params: {}, model: defineModel({ ...mnist.model, params }) });

describe("a task's parameters on the command line", () => {
  it("take what --param says as the number, the truth value or the text that it is", () => {
    expect(taskParams(task, { param: ["depth=14", "wide=true", "kind=a=b"] })).to.deep.equal({
      depth: 14,
      wide: true,
      kind: "a=b",
    });
  });

  it("may be given by --param and by options of their own", () => {
    const given = taskParams(mnist, { param: ["batchSize=4"], stepsPerProposal: 7 });
    expect(given).to.deep.equal({ learningRate: 0.001, batchSize: 4, stepsPerProposal: 7 });
  });

  for (const [text, code] of [
    ["depth", "param"],
    ["=14", "param"],
    ["dept=14", "task-params"],
    ["depth=deep", "task-params"],
  ] as const) {
    it(`are refused with --param ${text}`, () => {
      expect(() => taskParams(task, { param: [text] }))
        .to.throw(UserError)
        .with.property("code", code);
    });
  }
});
