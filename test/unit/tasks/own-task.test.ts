import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { UserError } from "../../../src/errors.ts";
import { loadTask, loadTaskNamed } from "../../../src/tasks/own-task.ts";
import { createTaskLearner } from "../../../src/tasks/task-learner.ts";
import { valueOf } from "../learning/plus-one-learner.ts";

/** A learner whose weights are one number, and whose training adds `step` to it. */
const COUNTER = `
import { defineDirectTask, judge, z, type Evaluation, type Weights } from "colearn-ledger/learner";
const weights = (value: number): Weights => ({
  tensors: [{ name: "value", dtype: "F32", shape: [1], data: Float32Array.of(value) }],
});
const valueOf = ({ tensors }: Weights): number => Number(tensors[0]?.data[0]);
export default defineDirectTask({
  name: NAME,
  title: "Counting",
  description: "counts",
  metric: { name: "value", direction: "maximise", tolerance: 0 },
  params: z.object({ step: z.number().default(1) }),
  createModel: async () => ({ format: "number", topology: null, weights: weights(0) }),
  createLearner: async ({ step }, { shard, metric }) => {
    let current = 0;
    const score = (value: number) => ({ voteScore: value, testScore: shard.trainRatio });
    return {
      proposeWeights: async () => weights(current + step),
      testWeights: async (proposed): Promise<Evaluation> => judge(metric, score(valueOf(proposed)), score(current)),
      acceptWeights: async (accepted) => void (current = valueOf(accepted)),
      currentWeights: async () => weights(current),
      currentModel: async () => ({ format: "number", topology: null, weights: weights(current) }),
      dispose: async () => undefined,
    };
  },
});
`;

describe("a task from an operator's module", () => {
  let folder: string;
  let count = 0;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "colearn-own-"));
  });
  after(() => rm(folder, { recursive: true }));

  /** A new file each time: what was imported once is not read again. */
  async function moduleOf(source: string, extension = "ts"): Promise<string> {
    const path = join(folder, `module-${++count}.${extension}`);
    await writeFile(path, source);
    return path;
  }
  const counter = (name: string) => moduleOf(COUNTER.replace("NAME", JSON.stringify(name)));

  async function refusal(loading: Promise<unknown>): Promise<UserError> {
    const error: unknown = await loading.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).to.be.instanceOf(UserError);
    expect((error as UserError).message).not.to.include("\n");
    return error as UserError;
  }

  it("may import the package wherever it lies, and learns by the interface itself", async () => {
    const module = await counter("counting");
    const options = { params: { step: 2 }, seed: 1, metric: (await loadTask(module)).metric };
    const { learner, info } = await createTaskLearner({
      ...options,
      task: "counting",
      module,
      shard: { index: 0, learners: 1, split: "iid", seed: 1 },
    });
    const proposed = await learner.proposeWeights(1);
    expect(valueOf(proposed)).to.equal(2);
    // The task's own share was trained on, for none was given.
    expect(await learner.testWeights(proposed)).to.deep.equal({ voteScore: 2, testScore: 0.8, vote: true });
    expect(info.backend.description).to.equal("plain JavaScript");
  });

  it("checks its parameters as other tasks do", async () => {
    const task = await loadTask(await counter("counting"));
    expect(task.defaults).to.deep.equal({ step: 1 });
    expect(() => task.parseParams({ stepp: 1 })).to.throw(UserError, "stepp");
  });

  it("is refused where the manifest names another", async () => {
    const error = await refusal(loadTaskNamed(await counter("counting"), "chess"));
    expect(error.message).to.match(/the experiment's task is chess, and .*module-\d+\.ts is the task counting$/);
    expect(error.remedy).to.include("--learner");
  });

  for (const [what, source, message] of [
    ["has no default export", "export const task = 1;", /has no default export$/],
    ["exports a class", "export default class {}", /is not a task: it is a function$/],
    ["exports nothing but null", "export default null;", /is not a task: it is null$/],
    [
      "exports half a task",
      'export default { name: "half", title: "Half" };',
      /is not a task: its description is no string/,
    ],
    ["has a syntax error", "const a: = 1;", /cannot be loaded: SyntaxError: .* at line 1$/],
    ["has what only a compiler takes away", "enum A { B }\nexport default A;", /cannot be loaded: .*enum/],
    [
      "throws when it is imported",
      '\nthrow new RangeError("nothing\\nhere");',
      /cannot be loaded: RangeError: nothing here, at line 2$/,
    ],
    ["throws what is no error", 'throw "nothing";', /cannot be loaded: it throws nothing$/],
    ["imports what is not there", 'import "./missing.ts";', /cannot be loaded: .*missing\.ts/],
  ] as const) {
    it(`is refused in one line when the module ${what}`, async () => {
      const { message: line, code } = await refusal(loadTask(await moduleOf(source)));
      expect(line).to.match(message);
      expect(code).to.equal("learner-module");
    });
  }

  it("is refused when there is no file, or a folder in its place", async () => {
    for (const path of [join(folder, "missing.ts"), folder]) {
      expect((await refusal(loadTask(path))).message).to.equal(`there is no file ${path}`);
    }
  });

  it("is refused when its name is no word, or one of the program's own tasks", async () => {
    expect((await refusal(loadTask(await counter("two words")))).message).to.include('"two words" is not a word');
    expect((await refusal(loadTask(await counter("iris")))).message).to.include("which comes with the program");
  });

  it("is refused when a parameter has no place in a manifest", async () => {
    const source = COUNTER.replace("NAME", '"counting"').replace("z.number().default(1)", "z.any().default([1])");
    expect((await refusal(loadTask(await moduleOf(source)))).message).to.match(/its parameter step is neither/);
  });
});
