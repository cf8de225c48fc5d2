import { access, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { expect } from "chai";

import type { NodeProcess } from "../../../src/demo/node-process.ts";
import { epsilonOf } from "../../../src/learning/privacy/accountant.ts";
import { colearn, colearnJson, until } from "../support/colearn.ts";
import { createExperiment, type TestExperiment } from "../support/experiment.ts";

const learner = fileURLToPath(new URL("noisy-mean.ts", import.meta.url));
const DELTA = 1e-5;
const ROUNDS = 6;
/** Learners 0, 1 and 2 propose in rounds 1 and 4, 2 and 5, 3 and 6. */
const SKIPPED = [4, 5];

/** The ε of so many trainings with the module's defaults. */
const epsilonAfter = (trainings: number) =>
  epsilonOf([{ sampleRate: 0.25, noiseMultiplier: 2, steps: 10 * trainings }], DELTA);

describe("nodes with budgets of privacy", function () {
  this.timeout(240_000);
  let experiment: TestExperiment;
  const processes: NodeProcess[][] = [[], [], []];
  let metrics: string;

  async function start(account: number): Promise<NodeProcess> {
    const data = join(experiment.folder, `data-${account}`);
    await mkdir(data, { recursive: true });
    // The first learner's operator allows one training only, the manifest two.
    const own = account === 0 ? ["--epsilon", String(epsilonAfter(1) * 1.01)] : [];
    const node = experiment.startNode(account, [
      ...["--learner", learner, "--shard", `${account}/3`, "--data-dir", data],
      ...own,
    ]);
    processes[account]!.push(node);
    return node;
  }

  const told = (account: number) => processes[account]!.flatMap(({ events }) => events);

  before(async () => {
    experiment = await createExperiment([
      ...["--learner", learner, "--learners", "3", "--rounds", String(ROUNDS), "--vote-threshold", "0"],
      ...["--propose-window", "20", "--vote-window", "60"],
      ...["--epsilon", String(epsilonAfter(2) * 1.01), "--delta", String(DELTA)],
    ]);
    // One after the other, for turns go by the order of joining.
    const nodes: NodeProcess[] = [];
    for (const account of [0, 1, 2]) {
      const node = await start(account);
      nodes.push(node);
      await until("the node has joined", () => node.told("joined"));
    }
    // The second one is killed while it trains, and the first one, which has trained and proposed, at the same time.
    const began = () =>
      access(join(experiment.folder, "data-1", "training-2")).then(
        () => true,
        () => false,
      );
    await until("the second learner trains", began);
    for (const node of nodes.slice(0, 2)) node.kill("SIGKILL");
    await until("both are dead", () => nodes.slice(0, 2).every((node) => !node.running));
    await Promise.all([start(0), start(1)]);
    await experiment.completed(200);
    await until("all nodes have finished", () =>
      [0, 1, 2].every((account) => told(account).some(({ event }) => event === "finished")),
    );
    const { http } = told(1).findLast((event) => event.event === "ready")!;
    metrics = await (await fetch(new URL("/metrics", http!))).text();
    await Promise.all(processes.flat().map((node) => node.stop()));
  });

  after(() => experiment[Symbol.asyncDispose]());

  it("tell with each proposal what was spent so far, over a kill and restart", () => {
    const proposed = [0, 1, 2].map((account) =>
      told(account).flatMap((event) => (event.event === "proposed" ? [[event.round, event.epsilon]] : [])),
    );
    expect(proposed).to.deep.equal([
      [[1, epsilonAfter(1)]],
      // Charged for the training in which it was killed, too.
      [[2, epsilonAfter(2)]],
      [
        [3, epsilonAfter(1)],
        [6, epsilonAfter(2)],
      ],
    ]);
    expect(metrics).to.match(new RegExp(`^colearn_privacy_epsilon ${epsilonAfter(2)}$`, "m"));
  });

  it("stop proposing when the manifest's budget or their operator's is spent, and say so once", async () => {
    for (const account of [0, 1]) {
      const passed = told(account).filter(({ event }) => event === "passed");
      expect(passed.map((event) => ({ ...event, time: 0 }))).to.deep.equal([
        { event: "passed", round: SKIPPED[account], reason: "privacy-budget", time: 0 },
      ]);
      expect(told(account).some(({ event }) => event === "failed")).to.equal(false);
    }
    // The log of the second process of account 1, the last to be started of five.
    const logs = await Promise.all(
      [3, 4].flatMap((number) => [0, 1].map((account) => `node-${account}.${number}.log`)).map(logOf),
    );
    const warnings = logs.join("").match(/passing the turn to propose: one more training would bring ε from/g);
    expect(warnings).to.have.length(2);
  });

  it("still vote then, and the experiment goes on with whoever has a budget left", async () => {
    const outcomes: string[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      const { outcome, voters, approvals, rejections } = await experiment.ledger.round(experiment.id, round);
      outcomes.push(outcome);
      if (!SKIPPED.includes(round)) expect(approvals | rejections, `votes of round ${round}`).to.equal(voters);
    }
    expect(outcomes.map((outcome, at) => (outcome === "skipped" ? at + 1 : 0)).filter(Boolean)).to.deep.equal(SKIPPED);
    const votes = await experiment.ledger.votes(experiment.id);
    expect(votes.filter(({ round }) => round === ROUNDS)).to.have.length(2);
  });

  it("leave an experiment whose audit finds the declared ε within the limit, and never falling", async () => {
    const target = ["--rpc", experiment.rpc, "--contract", experiment.ledger.address];
    const files = ["--home", experiment.home(2), "--offline"];
    const { violations, history } = await colearnJson<{
      readonly violations: readonly object[];
      readonly history: readonly { readonly round: number; readonly file: { readonly summary?: object } | null }[];
    }>(["audit", "1", ...target, ...files]);
    expect(violations).to.deep.equal([]);
    const summaries = history.flatMap(({ round, file }) => (round > 0 && file ? [file.summary] : []));
    expect(summaries).to.not.be.empty;
    for (const summary of summaries) expect(summary).to.include({ steps: 10, delta: DELTA });
  });

  async function logOf(name: string): Promise<string> {
    return readFile(join(experiment.folder, name), "utf8").catch(() => "");
  }
});

describe("a limit of privacy on training that is not private", function () {
  this.timeout(60_000);

  it("is a mistake of whoever starts the run: one line, and exit code 2", async () => {
    const limits = ["--epsilon", "1", "--delta", "1e-5"];
    const { code, stderr } = await colearn(["demo", "--driver", "local", "--task", "iris", "--rounds", "1", ...limits]);
    expect(code).to.equal(2);
    expect(stderr.trim().split("\n").at(-1)).to.include(
      "privacy is limited, and this learner's training is not private",
    );
  });

  it("is half a limit where δ is missing", async () => {
    const { code, stderr } = await colearn(["demo", "--driver", "local", "--task", "iris", "--epsilon", "1"]);
    expect(code).to.equal(2);
    expect(stderr).to.include("--epsilon says nothing without --delta");
  });
});
