import { expect } from "chai";
import { existsSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";

import { colearn, until } from "./support/colearn.ts";
import { createExperiment } from "./support/experiment.ts";
import { startRelay } from "./support/relay.ts";

/** A log, which may not have begun. */
function read(log: string): string {
  return existsSync(log) ? readFileSync(log, "utf8") : "";
}

/** An address that a process told in its log. */
function addressIn(log: string): string | undefined {
  return /"http":"(http:[^"]+)"/.exec(read(log))?.[1];
}

async function statusOf(url: string): Promise<number> {
  const response = await fetch(url);
  await response.text();
  return response.status;
}

/** The value of a line of the exposition. */
async function metric(address: string, series: string): Promise<number> {
  const text = await (await fetch(`${address}/metrics`)).text();
  const line = text.split("\n").find((line) => line.startsWith(`${series} `));
  return Number(line?.slice(series.length + 1) ?? Number.NaN);
}

const iris = ["--task", "iris-mlp", "--learners", "2"];

describe("a node's health and metrics", function () {
  this.timeout(180_000);

  it("are told from before it has the manifest until it stops, and count what it does", async () => {
    await using experiment = await createExperiment([...iris, "--rounds", "4"]);
    // Nobody gives it the manifest: it lives, and is not ready.
    experiment.startNode(1, ["--shard", "1/2"]);
    const log = join(experiment.folder, "node-1.0.log");
    await until("it tells where", () => addressIn(log) !== undefined);
    const address = addressIn(log) ?? "";
    await until("it waits for the manifest", () => read(log).includes("waiting for a learner that has"));
    expect(await statusOf(`${address}/healthz`)).to.equal(200);
    const waiting = await fetch(`${address}/readyz`);
    expect(waiting.status).to.equal(503);
    expect(await waiting.json()).to.have.nested.property("reasons[0].code", "learner");

    const other = experiment.startNode(0, ["--shard", "0/2", "--http", "127.0.0.1:0"]);
    await experiment.completed();
    await until("the other has finished", () => other.told("finished"));
    const ready = other.events.find((event) => event.event === "ready");
    const [its] = ready && "http" in ready && ready.http !== null ? [ready.http] : [];
    if (its === undefined) throw new Error("it told no address");
    expect(await (await fetch(`${its}/readyz`)).json()).to.deep.equal({ ready: true, reasons: [] });

    const { address: self } = await experiment.transactor(0);
    const votes = (await experiment.ledger.votes(experiment.id)).filter(({ voter }) => voter === self);
    const approvals = votes.filter(({ approve }) => approve).length;
    const proposer = async (round: number) => (await experiment.ledger.round(experiment.id, round)).proposer;
    const proposed = (await Promise.all([1, 2, 3, 4].map(proposer))).filter((one) => one === self).length;
    for (const [series, value] of [
      ['colearn_votes_total{vote="approve"}', approvals],
      ['colearn_votes_total{vote="reject"}', votes.length - approvals],
      ["colearn_proposals_total", proposed],
      ["colearn_training_seconds_count", proposed],
      ["colearn_experiment_round", 4],
      ['colearn_experiment_status{status="completed"}', 1],
      ["colearn_ready", 1],
    ] as const) {
      expect(await metric(its, series), series).to.equal(value);
    }
    const balance = Number(await experiment.ledger.provider.getBalance(self)) / 1e18;
    expect(await metric(its, "colearn_balance_ether")).to.be.closeTo(balance, 0.01);
    for (const series of ["colearn_store_bytes", "colearn_disk_free_bytes", "nodejs_eventloop_lag_seconds"]) {
      expect(await metric(its, series), series).to.be.greaterThan(0);
    }
    await other.stop();
    expect(await statusOf(`${its}/healthz`).catch(() => "gone")).to.equal("gone");
  });

  it("are told while the learner trains: the event loop goes on", async () => {
    const args = ["--learners", "2", "--rounds", "1", "--steps-per-proposal", "400", "--propose-window", "600"];
    await using experiment = await createExperiment(args);
    const node = experiment.startNode(0);
    experiment.startNode(1);
    const log = join(experiment.folder, "node-0.0.log");
    await until("it trains", () => read(log).includes('"msg":"training"'));
    let answers = 0;
    // Each answer that comes before the proposal was given while the worker's thread computed.
    while (!node.told("proposed") && answers < 20) {
      expect(await statusOf(`${addressIn(log) ?? ""}/healthz`)).to.equal(200);
      if (!node.told("proposed")) answers++;
    }
    expect(answers).to.equal(20);
  });

  it("are told nowhere with --http off, and a port in use is one line", async () => {
    await using experiment = await createExperiment([...iris, "--rounds", "1"]);
    const { rpc, id, ledger } = experiment;
    experiment.startNode(1, ["--shard", "1/2"]);
    const log = join(experiment.folder, "node-1.0.log");
    await until("it tells where", () => addressIn(log) !== undefined);
    const taken = new URL(addressIn(log) ?? "").port;
    const target = [id.toString(), "--rpc", rpc, "--contract", ledger.address, "--dev-account", "0"];
    const refused = await colearn(["node", ...target, "--home", experiment.home(0), "--http", taken]);
    expect(refused.code).to.equal(2);
    expect(refused.stderr).to.match(new RegExp(`^error: cannot answer HTTP at 127.0.0.1:${taken}: the port is in use`));
    expect(refused.stderr.trim().split("\n")).to.have.length(1);

    const silent = experiment.startNode(0, ["--shard", "0/2", "--http", "off"]);
    await until("it is ready", () => silent.told("ready"));
    expect(silent.events.find(({ event }) => event === "ready")).to.have.property("http", null);
    expect(addressIn(join(experiment.folder, "node-0.1.log"))).to.equal(undefined);
  });

  it("are a relay's too", async () => {
    await using experiment = await createExperiment([...iris, "--rounds", "1"]);
    await using relay = await startRelay(experiment, 4);
    expect(relay.addresses).not.to.be.empty;
    const address = addressIn(join(experiment.folder, "relay-4.log")) ?? "";
    await until("it is ready", async () => (await statusOf(`${address}/readyz`)) === 200);
    // Whoever speaks no HTTP is told so, and cut.
    const socket = connect(Number(new URL(address).port), "127.0.0.1", () => socket.write("rubbish\r\n\r\n"));
    await new Promise((resolve) => socket.on("close", resolve).resume());
    expect(await statusOf(`${address}/healthz`)).to.equal(200);
  });
});
