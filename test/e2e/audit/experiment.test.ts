import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect } from "chai";
import { NextToLast } from "blockstore-fs/sharding";

import { devAccount } from "../../../src/ledger/dev-accounts.ts";
import { parseContentId, toCid } from "../../../src/weights/content-id.ts";
import { colearn, colearnJson, until } from "../support/colearn.ts";
import { createExperiment, type TestExperiment } from "../support/experiment.ts";

interface Audited {
  readonly status: string;
  readonly rounds: number;
  readonly accepted: number;
  readonly files: number;
  readonly steps: { readonly shown: number; readonly claimed: number };
  readonly history: readonly {
    readonly round: number;
    readonly outcome: string;
    readonly proposal: string;
    readonly score: number | null;
    readonly file: {
      readonly state: string;
      readonly scores?: { readonly vote: number };
      readonly summary?: object;
    } | null;
  }[];
  readonly violations: readonly { readonly rule: string; readonly round: number; readonly detail: string }[];
}

const ROUNDS = 4;

/** The file on disk that holds a small file of weights: its only block. */
function blockFile(home: string, cid: string): string {
  const { dir, file } = new NextToLast().encode(toCid(parseContentId(cid)));
  return join(home, "store", "blocks", dir, file);
}

describe("colearn audit, of a finished experiment", function () {
  this.timeout(180_000);
  let experiment: TestExperiment;
  let target: string[];
  let sound: Audited;
  /** An accepted round and the content id of its weights. */
  let accepted: { round: number; proposal: string };

  /** The folder of a stopped node, copied to do harm to. */
  async function copyOfHome(name: string): Promise<string> {
    const copy = join(experiment.folder, name);
    await cp(experiment.home(1), copy, { recursive: true });
    return copy;
  }

  const audit = (...args: string[]) => colearn(["audit", "1", ...target, ...args]);

  before(async () => {
    // One approval of two is enough: some round is accepted whatever the scores.
    const terms = ["--vote-threshold", "0", "--early-decision"];
    experiment = await createExperiment([
      "--task",
      "iris-mlp",
      "--learners",
      "3",
      "--rounds",
      String(ROUNDS),
      ...terms,
    ]);
    target = ["--rpc", experiment.rpc, "--contract", experiment.ledger.address];
    const nodes = [0, 1, 2].map((account) => experiment.startNode(account, ["--shard", `${account}/3`]));
    await experiment.completed();
    await until("all nodes have finished", () => nodes.every((node) => node.told("finished")));
    await Promise.all(nodes.map((node) => node.stop()));
    sound = await colearnJson<Audited>(["audit", "1", ...target, "--home", experiment.home(1), "--offline"]);
    accepted = sound.history.find(({ round, outcome }) => round > 0 && outcome === "accepted")!;
  });

  after(() => experiment[Symbol.asyncDispose]());

  it("finds every rule kept, from the chain and the folder of a stopped node", () => {
    expect(sound).to.deep.include({ status: "completed", rounds: ROUNDS, violations: [] });
    expect(accepted, "a round is accepted").not.to.equal(undefined);
    expect(sound.files).to.equal(sound.accepted + 1);
    expect(sound.steps.claimed).to.equal(0);
    for (const { round, outcome, file, score } of sound.history) {
      expect(file?.state).to.equal(outcome === "accepted" ? "sound" : undefined);
      if (round > 0 && outcome === "accepted") expect(file?.summary).to.have.keys("steps", "samples");
      if (round > 0) expect(score).to.be.within(0, 1);
    }
  });

  it("shows a row a round", async () => {
    const { code, stdout } = await audit("--home", experiment.home(1), "--offline");
    expect(code).to.equal(0);
    expect(stdout).to.match(/^Experiment 1 is completed at block \d+: 4 rounds ended, /);
    expect(stdout.match(/^ +[0-4] .*(initial|accepted|rejected)/gm)).to.have.length(ROUNDS + 1);
    expect(stdout).to.match(/Every rule holds\.\n$/);
  });

  it("scores each accepted model on the auditor's own data as its learner did", async () => {
    // Whoever voted on accepted weights: its account, its shard and its folder have the same number.
    const cast = (await experiment.ledger.votes(experiment.id)).find(({ round }) => round === accepted.round)!;
    const account = [0, 1, 2].find((n) => devAccount(n).address === cast.voter)!;
    const own = ["--shard", `${account}/3`, "--home", experiment.home(account), "--offline"];
    const { history } = await colearnJson<Audited>(["audit", "1", ...target, ...own]);
    const scored = history.filter(({ file }) => file !== null);
    expect(scored).to.have.length(sound.accepted + 1);
    for (const { file } of scored) expect(file?.scores).to.have.keys("vote", "test");
    const { scores } = history.find(({ round }) => round === accepted.round)!.file!;
    expect(scores?.vote).to.be.closeTo(cast.score, 1e-6);
  });

  it("names round and file where one byte is flipped in the store, and leaves it as it is", async () => {
    const home = await copyOfHome("damaged");
    const path = blockFile(home, accepted.proposal);
    const bytes = await readFile(path);
    bytes[bytes.length - 3]! ^= 1;
    await writeFile(path, bytes);
    const { code, stdout, stderr } = await audit("--home", home);
    expect(code).to.equal(1);
    expect(stderr).to.match(new RegExp(`round ${accepted.round} breaks the rule "damaged": .*${accepted.proposal}`));
    expect(stdout).to.match(/1 violation\.\n$/);
    expect(await readFile(path)).to.deep.equal(bytes);
  });

  it("names round and file where a file is missing, and nobody is asked or answers", async () => {
    const home = await copyOfHome("missing");
    await rm(blockFile(home, accepted.proposal));
    for (const extra of [["--offline"], []]) {
      const { code, stderr } = await audit("--home", home, ...extra);
      expect(code).to.equal(1);
      expect(stderr).to.match(new RegExp(`round ${accepted.round} breaks the rule "missing": .*${accepted.proposal}`));
    }
  });

  it("asks for less where less is kept: the current weights, or the ledger alone", async () => {
    const home = await copyOfHome("kept");
    const current = sound.history.findLast(({ outcome }) => outcome === "accepted")!;
    for (const { proposal, file } of sound.history) {
      if (file !== null && proposal !== current.proposal) await rm(blockFile(home, proposal));
    }
    const kept = ["--home", home, "--offline"];
    expect(await colearnJson<Audited>(["audit", "1", ...target, ...kept, "--lineage", "current"])).to.include({
      files: 1,
    });
    expect(await colearnJson<Audited>(["audit", "1", ...target, "--lineage", "none"])).to.include({ files: 0 });
    expect((await audit(...kept)).code).to.equal(1);
  });

  it("says so where the manifest is not there", async () => {
    const { code, stderr } = await audit("--home", join(experiment.folder, "nobody's"), "--offline");
    expect(code).to.equal(1);
    expect(stderr).to.match(/round 0 breaks the rule "manifest": the manifest baf/);
  });
});
