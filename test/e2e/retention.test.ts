import { readdir } from "node:fs/promises";
import { join } from "node:path";

import { expect } from "chai";

import { openHeliaStore } from "../../src/storage/helia.ts";
import type { ContentId } from "../../src/weights/content-id.ts";
import { colearnJson, until } from "./support/colearn.ts";
import { createExperiment, type TestExperiment } from "./support/experiment.ts";

const ROUNDS = 8;
const KEEP = 2;
const LINEAGE = 2;

describe("nodes that keep the weights of 2 rounds", function () {
  this.timeout(240_000);
  let experiment: TestExperiment;
  /** Proposals of the rounds in order; undefined for those that were not accepted. */
  let accepted: (ContentId | undefined)[];

  before(async () => {
    const windows = ["--propose-window", "30", "--vote-window", "30"];
    experiment = await createExperiment([
      ...["--task", "iris-mlp", "--learners", "3", "--rounds", String(ROUNDS), ...windows],
    ]);
    const nodes = [0, 1, 2].map((account) => {
      const lineage = account === LINEAGE ? ["--keep-lineage"] : [];
      return experiment.startNode(account, ["--shard", `${account}/3`, "--keep", String(KEEP), ...lineage]);
    });
    await experiment.completed();
    await until("all nodes have finished", () => nodes.every((node) => node.told("finished")));
    await Promise.all(nodes.map((node) => node.stop()));
    accepted = await Promise.all(
      Array.from({ length: ROUNDS }, async (_, index) => {
        const { outcome, proposal } = await experiment.ledger.round(experiment.id, index + 1);
        return outcome === "accepted" ? proposal : undefined;
      }),
    );
    expect(accepted.filter(Boolean), "the run needs more than is kept").to.have.length.above(KEEP + 1);
  });

  after(() => experiment[Symbol.asyncDispose]());

  async function blockCount(account: number): Promise<number> {
    const files = await readdir(join(experiment.home(account), "store", "blocks"), { recursive: true });
    return files.filter((name) => name.endsWith(".data")).length;
  }

  it("leave the manifest, the current weights and the last rounds' in the store's folder", async () => {
    // Each of these files is one block.
    for (const account of [0, 1]) expect(await blockCount(account)).to.be.within(2, 2 + KEEP);
  });

  it("have what to export without asking others", async () => {
    const { ledger, rpc, id, folder } = experiment;
    const target = [id.toString(), "--rpc", rpc, "--contract", ledger.address];
    const out = ["--home", experiment.home(0), "--out", join(folder, "model"), "--fetch-timeout", "1"];
    const { round } = await colearnJson<{ round: number }>(["export", ...target, ...out]);
    expect(round).to.equal((await ledger.snapshot(id)).weightsRound);
  });

  it("have all accepted weights where they keep the lineage, and others' only from the last rounds", async () => {
    const whole = await heldBy(LINEAGE);
    expect(whole).to.deep.equal(accepted.map((weights) => weights !== undefined));
    const [first] = accepted.flatMap((weights, index) => (weights === undefined ? [] : [index]));
    expect((await heldBy(1))[first!]).to.be.false;
  });

  async function heldBy(account: number): Promise<boolean[]> {
    const store = await openHeliaStore({ directory: join(experiment.home(account), "store") });
    try {
      return await Promise.all(accepted.map(async (weights) => weights !== undefined && (await store.has(weights))));
    } finally {
      await store.stop();
    }
  }
});
