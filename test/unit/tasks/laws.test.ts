import * as tf from "@tensorflow/tfjs-core";
import { expect } from "chai";

import { UserError } from "../../../src/errors.ts";
import { checkLaws, type LawFinding } from "../../../src/learning/laws.ts";
import { tasks } from "../../../src/tasks/registry.ts";
import { createTaskLearner } from "../../../src/tasks/task-learner.ts";

const SEED = 3;
/** A small part of what comes with the program, and little training. */
const FEW_SAMPLES = 120;
const LITTLE = { stepsPerProposal: 2, batchSize: 8 };

/** How many samples come with the program; 0 where an operator has to bring them. */
async function samplesOf({ data, defaults }: (typeof tasks)[number]): Promise<number> {
  try {
    return (await data.open(defaults, undefined, "train")).targets.length;
  } catch (error) {
    if (error instanceof UserError) return 0;
    throw error;
  }
}

describe("the laws of a learner, with every task whose data come with the program", function () {
  this.timeout(60_000);
  let checked = 0;

  for (const task of tasks) {
    it(`are kept by ${task.name}, or its data do not come along`, async () => {
      const samples = await samplesOf(task);
      if (samples === 0) return;
      checked++;
      const little = Object.entries(LITTLE).filter(([name]) => name in task.defaults);
      const params = task.parseParams(Object.fromEntries(little));
      const learners = Math.max(1, Math.floor(samples / FEW_SAMPLES));
      const shard = { index: 0, learners, split: "iid", seed: SEED } as const;
      const options = { task: task.name, params, shard, seed: SEED, metric: task.metric, backend: "wasm" } as const;
      const createLearner = async () => (await createTaskLearner(options)).learner;
      // The backend is there from now on.
      await (await createLearner()).dispose();
      const broken: LawFinding[] = [];
      for await (const finding of checkLaws({
        createModel: () => task.createModel(params, SEED),
        createLearner,
        metric: task.metric,
        tensors: task.usesTfjs ? () => tf.memory().numTensors : undefined,
      })) {
        if (finding.outcome === "broken") broken.push(finding);
      }
      expect(broken).to.deep.equal([]);
    });
  }

  it("are not skipped everywhere", () => {
    expect(checked).to.be.at.least(2);
  });
});
