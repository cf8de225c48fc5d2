import { once } from "node:events";
import { mkdir, open, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, join } from "node:path";

import { argMax, type Tensor, tensor, tidy } from "@tensorflow/tfjs-core";
import { loadLayersModel } from "@tensorflow/tfjs-layers";
import { expect } from "chai";

import { useBackend } from "../../src/learning/tfjs/backend.ts";
import { packagedFolder } from "../../src/tasks/mnist/files.ts";
import { colearn, colearnJson, until } from "./support/colearn.ts";
import { createExperiment, type TestExperiment } from "./support/experiment.ts";

interface Status {
  readonly status: string;
  readonly weights: { readonly contentId: string; readonly round: number };
  readonly learners: readonly { readonly active: boolean }[];
  readonly history: readonly {
    readonly round: number;
    readonly proposer: number;
    readonly outcome: string;
    readonly proposal: string;
    readonly votes: readonly { readonly learner: number; readonly approve: boolean | null; readonly score: number }[];
  }[];
}

const TEST_IMAGES = 1_000;
const PIXELS = 28 * 28;

/** The first of MNIST's test images and labels, as IDX files of their own. */
async function writeTestSet(folder: string): Promise<{ images: Uint8Array; labels: Uint8Array }> {
  const head = async (name: string, header: number, bytesEach: number): Promise<Uint8Array> => {
    await using file = await open(join(packagedFolder(), name));
    const { buffer } = await file.read(Buffer.alloc(header + TEST_IMAGES * bytesEach));
    buffer.writeUInt32BE(TEST_IMAGES, 4);
    await writeFile(join(folder, name), buffer);
    return buffer.subarray(header);
  };
  await mkdir(folder);
  return {
    images: await head("t10k-images-idx3-ubyte", 16, PIXELS),
    labels: await head("t10k-labels-idx1-ubyte", 8, 1),
  };
}

/** What the README has a person do in several terminals, with separate test data, so that accuracies can be compared. */
describe("deploy, create, three nodes, status, export", function () {
  this.timeout(300_000);
  let experiment: TestExperiment;
  let target: string[];
  /** Mean test accuracy that the nodes report of the last accepted weights. */
  let reported: number;
  let testSet: Awaited<ReturnType<typeof writeTestSet>>;

  before(async () => {
    experiment = await createExperiment(["--learners", "3", "--rounds", "2", "--steps-per-proposal", "40"]);
    target = ["--rpc", experiment.rpc, "--contract", experiment.ledger.address];
    const testDir = join(experiment.folder, "test-set");
    testSet = await writeTestSet(testDir);
    const nodes = [0, 1, 2].map((account) => experiment.startNode(account, ["--test-dir", testDir]));
    await experiment.completed();
    await until("all nodes have finished", () => nodes.every((node) => node.told("finished")));
    const { weightsRound } = await experiment.ledger.snapshot(experiment.id);
    const scores = nodes.flatMap(({ events }) =>
      events.flatMap((told) => (told.event === "voted" && told.round === weightsRound ? [told.testScore ?? NaN] : [])),
    );
    expect(scores).to.have.length(2);
    // The same data and the same weights: the same accuracy, to the last bit.
    expect(scores[0]).to.equal(scores[1]);
    reported = scores[0] ?? NaN;
  });

  after(() => experiment[Symbol.asyncDispose]());

  it("shows rounds and votes in colearn status", async () => {
    const status = await colearnJson<Status>(["status", "1", ...target]);
    expect(status.status).to.equal("completed");
    expect(status.history.map(({ round }) => round)).to.deep.equal([1, 2]);
    for (const { votes, outcome, proposer } of status.history) {
      expect(votes).to.have.length(2);
      expect(votes.map(({ learner }) => learner)).not.to.include(proposer);
      for (const { approve, score } of votes) {
        expect(approve).to.be.a("boolean");
        expect(score).to.be.within(0, 1);
      }
      const approvals = votes.filter(({ approve }) => approve === true).length;
      expect(outcome).to.equal(approvals > 1 ? "accepted" : "rejected");
    }

    const { code, stdout } = await colearn(["status", ...target]);
    expect(code).to.equal(0);
    expect(stdout).to.match(/Experiment 1 is completed: round 2 of 2\./);
    expect(stdout).to.include("✓");
    // No colours where standard output is no terminal.
    expect(stdout).not.to.include("\u001b");
  });

  it("exports a model, from the running nodes, that loads and classifies as well as they reported", async () => {
    const out = join(experiment.folder, "model");
    const exported = await colearnJson<{ round: number; files: string[] }>(["export", "1", ...target, "--out", out]);
    expect(exported.files).to.include.members(["model.json", "weights.bin", "weights.safetensors"]);

    await useBackend("wasm");
    await using server = await serve(out);
    const model = await loadLayersModel(`${server.address}/model.json`);
    const predicted = tidy(() => {
      const images = Float32Array.from(testSet.images, (byte) => byte / 255);
      return argMax(model.predict(tensor(images, [TEST_IMAGES, 28, 28, 1])) as Tensor, 1).dataSync();
    });
    const correct = predicted.filter((digit, at) => digit === testSet.labels[at]).length;
    expect(correct / TEST_IMAGES).to.be.closeTo(reported, 1e-6);
  });

  it("audits as sound, from the chain and the running nodes", async () => {
    const audit = await colearnJson<{ rounds: number; accepted: number; files: number; violations: unknown[] }>([
      ...["audit", "1", ...target],
    ]);
    expect(audit.violations).to.deep.equal([]);
    expect(audit.rounds).to.equal(2);
    expect(audit.files).to.equal(audit.accepted + 1);
  });

  it("exports the weights of any round, and says so when there are none", async () => {
    const out = join(experiment.folder, "initial");
    const { round } = await colearnJson<{ round: number }>(["export", "1", ...target, "--round", "0", "--out", out]);
    expect(round).to.equal(0);
    const { code, stderr } = await colearn(["export", "1", ...target, "--round", "9", "--out", out]);
    expect(code).to.equal(2);
    expect(stderr).to.match(/experiment 1 is only at round 2, not 9/);
  });
});

/** Serves a folder's files, as a page that uses the model would find them. */
async function serve(folder: string): Promise<AsyncDisposable & { readonly address: string }> {
  const server = createServer((request, response) => {
    readFile(join(folder, basename(request.url ?? ""))).then(
      (bytes) => response.end(bytes),
      () => response.writeHead(404).end(),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
