import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect } from "chai";

import { reportSchema } from "../../src/report/report.ts";
import { colearn, colearnJson, temporaryFolder } from "./support/colearn.ts";
import { createExperiment } from "./support/experiment.ts";

interface Laws {
  readonly task: string;
  readonly ok: boolean;
  readonly findings: readonly { readonly law: string; readonly outcome: string; readonly detail?: string }[];
}

describe("a learner of one's own", function () {
  this.timeout(120_000);

  const resources = new AsyncDisposableStack();
  /** A project as `colearn init` writes it, with a model of tf.layers. */
  let project: string;
  let module: string;

  before(async () => {
    project = join(resources.use(await temporaryFolder()).path, "project");
    module = join(project, "my-learner.ts");
    const { code, stdout, stderr } = await colearn(["init", project]);
    expect(code, stderr).to.equal(0);
    expect(stdout).to.include("npm install");
  });

  after(() => resources.disposeAsync());

  it("is checked by the laws, each with what was found, and keeps them all in the template", async () => {
    const { task, ok, findings } = await colearnJson<Laws>(["learner", "test", module, "--backend", "wasm"]);
    expect({ task, ok }).to.deep.equal({ task: "points", ok: true });
    expect(findings).to.have.length.above(10);
    expect(new Set(findings.map(({ outcome }) => outcome))).to.deep.equal(new Set(["kept"]));
  });

  it("is found out, with exit code 1, where it breaks a law", async () => {
    const path = join(project, "forgetful.ts");
    const template = await readFile(module, "utf8");
    const forgetful = template.replace("export default defineTask(", "const task = defineTask(");
    const wrapper = `
export default {
  ...task,
  createLearner: async (options: Parameters<typeof task.createLearner>[0]) => {
    const learner = await task.createLearner(options);
    const acceptWeights = async () => undefined;
    return new Proxy(learner, {
      get: (target, name) => {
        if (name === "acceptWeights") return acceptWeights;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  },
};
`;
    await writeFile(path, forgetful + wrapper);
    const { code, stdout, stderr } = await colearn(["learner", "test", path, "--steps-per-proposal", "2"]);
    expect(stdout).to.match(/broken +accepting does change them.*\n.*not those that were accepted/);
    expect(stderr).to.match(/^error: the learner of .* breaks [12] of \d+ laws \(.*\)\n$/);
    expect(code).to.equal(1);
  });

  it("learns on the ledger in the demo, by the metric that is asked for", async () => {
    const out = join(project, "run");
    const args = ["--learners", "2", "--rounds", "2", "--backend", "wasm", "--out", out];
    const asked = ["--metric", "accuracy", "--tolerance", "0.001"];
    const report = reportSchema.parse(await colearnJson(["demo", "--learner", module, ...args, ...asked]));
    expect(report.task).to.equal("points");
    expect(report.metric).to.deep.equal({ name: "accuracy", direction: "maximise" });
    expect(report.rounds.map(({ status }) => status)).to.include("accepted");
    expect(report.rounds).to.have.length(2);
  });

  it("implements the interface itself, where init is asked for such a one", async () => {
    const direct = join(project, "../direct");
    expect((await colearn(["init", direct, "--direct"])).code).to.equal(0);
    const path = join(direct, "my-learner.ts");
    expect((await colearnJson<Laws>(["learner", "test", path])).ok).to.be.true;

    await using experiment = await createExperiment(["--learner", path, "--learners", "2", "--rounds", "2"]);
    const { ledger, id } = experiment;
    const nodes = [0, 1].map((account) =>
      experiment.startNode(account, ["--learner", path, "--shard", `${account}/2`]),
    );
    await experiment.completed();
    await Promise.all(nodes.map((node) => node.stop()));
    const votes = await ledger.votes(id);
    expect(votes.map(({ approve }) => approve)).to.include(true);
    expect(new Set(votes.map(({ voter }) => voter)).size).to.equal(2);

    // A node whose operator forgot the module, and one with the module of another task.
    const target = ["--rpc", experiment.rpc, "--contract", ledger.address, "--dev-account", "0", "--shard", "0/2"];
    const node = [
      "node",
      id.toString(),
      ...target,
      "--home",
      experiment.home(0),
      "--log-level",
      "error",
      "--until-complete",
    ];
    const without = await colearn(node);
    expect(without.stderr).to.match(/^error: no task is called "points-logistic" \(.*--learner\)\n$/);
    expect(without.code).to.equal(2);
    const other = await colearn([...node, "--learner", module]);
    expect(other.stderr).to.match(
      /^error: the experiment's task is points-logistic, and .* is the task points \(.*\)\n$/,
    );
    expect(other.code).to.equal(2);
  });

  describe("is refused in one line, with exit code 2,", () => {
    async function refuses(args: readonly string[], message: RegExp): Promise<void> {
      const { code, stdout, stderr } = await colearn(args);
      expect(stderr).to.match(message);
      expect(stderr).to.match(/^error: [^\n]+\(.+\)\n$/);
      expect(stdout).to.equal("");
      expect(code).to.equal(2);
    }
    const demo = ["demo", "--learners", "2", "--driver", "local"];

    it("where the file is not there", async () => {
      await refuses([...demo, "--learner", "missing.ts"], /there is no file .*missing\.ts/);
      await refuses(["learner", "test", "missing.ts"], /there is no file .*missing\.ts/);
      const node = ["node", "1", "--home", project, "--contract", `0x${"1".repeat(40)}`];
      await refuses([...node, "--learner", "missing.ts"], /there is no file .*missing\.ts/);
    });

    it("where the module does not run", async () => {
      const path = join(project, "broken.ts");
      await writeFile(path, "export default {\n  name: ;\n");
      await refuses([...demo, "--learner", path], /broken\.ts cannot be loaded: SyntaxError: .*line 2/);
    });

    it("where a task is named too", () =>
      refuses([...demo, "--learner", module, "--task", "iris"], /given twice: --task iris and --learner/));

    it("where the metric is none", () =>
      refuses(
        [...demo, "--learner", module, "--metric", "beauty"],
        /no metric is called "beauty" \(use one of accuracy, /,
      ));

    it("where the tolerance is negative", () =>
      refuses([...demo, "--task", "iris", "--tolerance", "-1"], /'--tolerance <x>'.*It must be a number, 0 or more/));

    it("where init would write into a folder that is in use", () =>
      refuses(["init", project], /the folder .* is not empty/));
  });
});
