import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { expect } from "chai";

import { colearn, colearnJson, colearnPath, until } from "./support/colearn.ts";
import { createExperiment, type TestExperiment } from "./support/experiment.ts";
import { NodeProcess } from "../../src/demo/node-process.ts";
import { stopRound, bestRound, type SettledRound } from "../../src/node/checkpoints.ts";
import { History } from "../../src/node/history.ts";
import { formatContentId } from "../../src/weights/content-id.ts";

/** A loss that a few rounds on the irises reach. */
const TARGET = 1;
const ROUNDS = 40;

interface Exported {
  readonly round: number;
  readonly score: number | null;
  readonly weights: string;
}

describe("an experiment with a target", function () {
  this.timeout(300_000);
  let experiment: TestExperiment;
  let target: string[];
  let nodes: NodeProcess[];
  let rounds: readonly SettledRound[];
  let stopped: number;

  before(async () => {
    const windows = ["--propose-window", "10", "--vote-window", "10", "--pause-limit", "2"];
    const stop = ["--stop-score", String(TARGET)];
    const size = ["--task", "iris-mlp", "--learners", "3", "--rounds", String(ROUNDS)];
    experiment = await createExperiment([...size, ...windows, ...stop]);
    target = ["--rpc", experiment.rpc, "--contract", experiment.ledger.address];
    nodes = [0, 1, 2].map((account) => experiment.startNode(account, ["--shard", `${account}/3`]));
    await experiment.completed();
    await until("all nodes have finished", () => nodes.every((node) => node.told("finished")));
    const { ledger, id } = experiment;
    rounds = await new History(ledger, id, "minimise").at(await ledger.snapshot(id));
    stopped = stopRound({ score: TARGET }, "minimise", rounds)?.round ?? NaN;
  });

  after(() => experiment[Symbol.asyncDispose]());

  it("stops on all nodes after the same round, and ends completed with that round's weights", async () => {
    const { ledger, id } = experiment;
    for (const { events } of nodes) {
      const told = events.flatMap((event) => (event.event === "stopped" ? [event] : []));
      expect(told.map(({ round, reason }) => ({ round, reason }))).to.deep.equal([
        { round: stopped, reason: "target" },
      ]);
      expect(events.at(-1)).to.deep.include({ event: "finished", status: "completed" });
      const held = events.flatMap((event) => (event.event === "synchronised" ? [event.round] : []));
      expect(held.at(-1)).to.equal(stopped);
    }
    const snapshot = await ledger.snapshot(id);
    expect(snapshot.status).to.equal("completed");
    expect(snapshot.weightsRound).to.equal(stopped);
    expect(snapshot.active).to.equal(0n);
    // The round after the stop was open already: it passed without a proposal.
    expect(snapshot.round).to.equal(stopped + 1);
    expect(rounds[stopped]?.outcome).to.equal("skipped");
    for (const learner of await ledger.learners(id)) {
      expect((await ledger.learner(id, learner)).suspensions).to.equal(0);
    }
  });

  it("says in colearn status, with the learners' manifest, after which round it stopped, and why", async () => {
    const { stdout } = await colearn(["status", "1", ...target, "--stop"]);
    expect(stdout).to.include(`It stopped after round ${stopped}: target reached.`);
    const { stop } = await colearnJson<{ stop: unknown }>(["status", "1", ...target, "--stop"]);
    expect(stop).to.deep.equal({ score: TARGET, round: stopped, reason: "target" });
  });

  it("exports the best weights, the last and any, with what their voters gave them", async () => {
    const exported = async (round: string) => {
      const out = join(experiment.folder, `model-${round}`);
      const told = await colearnJson<Exported>(["export", "1", ...target, "--out", out, "--round", round]);
      return { ...told, bytes: await readFile(join(out, "weights.safetensors")) };
    };
    const [best, last, initial] = [await exported("best"), await exported("last"), await exported("0")];
    expect(best.round).to.equal(bestRound(rounds, "minimise"));
    expect(best.score).to.equal(rounds[best.round - 1]?.score);
    expect(last.round).to.equal(stopped);
    expect(last.score).to.be.at.most(TARGET);
    expect(initial).to.deep.include({ round: 0, score: null });
    expect(initial.bytes).to.not.deep.equal(last.bytes);
    expect(await colearn(["export", "1", ...target, "--out", "x", "--round", "worst"])).to.include({ code: 2 });
  });

  it("gives weights that a new experiment begins with, where they are its model's", async () => {
    const file = join(experiment.folder, "model-last", "weights.safetensors");
    const args = [...target, "--dev-account", "0", "--home", join(experiment.folder, "created"), "--weights", file];
    const { weights } = await colearnJson<{ weights: string }>(["create", ...args, "--task", "iris-mlp"]);
    expect(weights).to.equal(formatContentId((await experiment.ledger.snapshot(experiment.id)).weights));
    const { code, stderr } = await colearn(["create", ...args, "--task", "mnist"]);
    expect(code).to.equal(2);
    expect(stderr).to.match(/weights\.safetensors cannot be the initial weights/);
  });

  it("is gone on with from a checkpoint: the same manifest and rules, these weights, and two rounds more", async () => {
    const { ledger, id, folder } = experiment;
    const before = await ledger.experiment(id);
    const home = join(folder, "resumed-0");
    const args = [...target, "--dev-account", "0", "--home", home];
    const resumed = await colearnJson<{
      experiment: number;
      from: { round: number };
      manifest: string;
      weights: string;
    }>(["resume", "1", ...args, "--round", "last", "--rounds", "2", "--stop-score", "0.000001"]);
    expect(resumed.from).to.deep.include({ experiment: 1, round: stopped });
    const next = BigInt(resumed.experiment);
    const { config } = await ledger.experiment(next);
    expect(config.weights).to.deep.equal((await ledger.snapshot(id)).weights);
    const { manifest } = before.config;
    const { enrolmentDeadline } = config;
    const changed = { manifest: config.manifest, weights: config.weights, rounds: 2, enrolmentDeadline };
    expect(config).to.deep.equal({ ...before.config, ...changed });
    // The same learners with other folders, of which one has the files.
    const common = [String(next), ...target];
    const start = (account: number) => {
      const own = [
        "--dev-account",
        String(account),
        "--home",
        account === 0 ? home : join(folder, `resumed-${account}`),
      ];
      const log = join(folder, `resumed-${account}.log`);
      return new NodeProcess(colearnPath, [...common, ...own, "--shard", `${account}/3`, "--backend", "wasm"], log);
    };
    const same = await colearnJson<{ manifest: string }>(["resume", "1", ...args, "--rounds", "3"]);
    expect(same.manifest).to.equal(formatContentId(manifest));
    expect(resumed.manifest).to.not.equal(same.manifest);
    // One key, one process: the earlier experiment's nodes would serve on.
    await Promise.all(nodes.map((node) => node.stop()));
    const again = [0, 1, 2].map(start);
    try {
      await until(
        "the resumed experiment is completed",
        async () => (await ledger.snapshot(next)).status === "completed",
      );
      expect((await ledger.snapshot(next)).round).to.equal(2);
      const [first] = again.flatMap(({ events }) => events.filter(({ event }) => event === "synchronised"));
      expect(first).to.deep.include({ round: 0, weights: resumed.weights });
      expect(await ledger.round(next, 1))
        .to.have.property("outcome")
        .that.is.oneOf(["accepted", "rejected"]);
    } finally {
      await Promise.all(again.map((node) => node.stop()));
    }
  });
});
