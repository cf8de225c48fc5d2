import { expect } from "chai";

import { count, has } from "../../src/ledger/types.ts";
import { until } from "./support/colearn.ts";
import { createExperiment } from "./support/experiment.ts";

describe("a node that is killed", function () {
  this.timeout(300_000);

  it("takes part again after SIGKILL in the middle of a round, and never votes twice", async () => {
    const args = ["--learners", "3", "--rounds", "6", "--steps-per-proposal", "10", "--vote-window", "60"];
    await using experiment = await createExperiment(args);
    const { ledger, id } = experiment;
    const survivors = [0, 1].map((account) => experiment.startNode(account));
    let victim = experiment.startNode(2);
    await until("the experiment runs", async () => (await ledger.snapshot(id)).status === "running");

    // Once while it should vote, once while it trains, once right after it voted.
    const moments = [
      async () => (await ledger.snapshot(id)).phase === "vote",
      async () => {
        const { phase, proposer, round } = await ledger.snapshot(id);
        return (phase === "propose" && proposer === (await experiment.transactor(2)).address) || round > 4;
      },
      () => victim.told("voted"),
    ];
    for (const moment of moments) {
      await until("the moment has come", moment, 90);
      victim.kill("SIGKILL");
      await until("it is dead", () => !victim.running);
      victim = experiment.startNode(2);
    }
    await experiment.completed();

    const votes = await ledger.votes(id);
    const keys = votes.map(({ round, voter }) => `${round} ${voter}`);
    expect(new Set(keys).size, "votes are unique").to.equal(keys.length);
    const { address } = await experiment.transactor(2);
    await until("the victim has finished too", () => victim.told("finished"));
    expect(votes.some(({ voter, round }) => voter === address && round >= 4)).to.be.true;
    // Nobody's votes are missing: it was back in time, every time.
    for (let round = 1; round <= 6; round++) {
      const { outcome, voters, approvals, rejections } = await ledger.round(id, round);
      expect(outcome).to.be.oneOf(["accepted", "rejected"]);
      expect(approvals | rejections).to.equal(voters);
    }
    for (const survivor of survivors) expect(survivor.running).to.be.true;
    // Nor did it try: whatever it sent was taken.
    const { provider } = ledger;
    for (let number = 0; number <= (await provider.getBlockNumber()); number++) {
      const block = await provider.getBlock(number, true);
      for (const transaction of block?.prefetchedTransactions ?? []) {
        if (transaction.from !== address) continue;
        expect((await provider.getTransactionReceipt(transaction.hash))?.status).to.equal(1);
      }
    }
  });

  it("is missed by nobody when it never comes back: the others finish all rounds", async () => {
    const windows = ["--propose-window", "25", "--vote-window", "15"];
    await using experiment = await createExperiment([
      ...["--learners", "3", "--rounds", "5", "--steps-per-proposal", "3"],
      ...windows,
    ]);
    const { ledger, id } = experiment;
    for (const account of [0, 1]) experiment.startNode(account);
    const victim = experiment.startNode(2);
    await until("the experiment runs", async () => (await ledger.snapshot(id)).status === "running");
    victim.kill("SIGKILL");
    await experiment.completed(200);

    const { active, index = -1 } = await ledger.snapshot(id, (await experiment.transactor(2)).address);
    expect(has(active, index), "suspended after two missed duties").to.be.false;
    expect(count(active)).to.equal(2);
    const outcomes = [];
    for (let round = 1; round <= 5; round++) outcomes.push((await ledger.round(id, round)).outcome);
    // With one of two voters gone there is no majority; once it is suspended, the one voter decides.
    expect(outcomes).not.to.include("open");
    const last = await ledger.round(id, 5);
    expect(last.voters).to.equal(last.approvals | last.rejections);
  });
});

describe("a node whose clock is a day ahead of the chain's", function () {
  this.timeout(120_000);

  it("learns so from the chain, and does its duties", async () => {
    const day = 86_400_000;
    const args = ["--learners", "2", "--rounds", "2", "--steps-per-proposal", "3"];
    await using experiment = await createExperiment(args, { startsAt: new Date(Date.now() - day) });
    const nodes = [0, 1].map((account) => experiment.startNode(account));
    await experiment.completed();
    for (const round of [1, 2]) {
      const { outcome } = await experiment.ledger.round(experiment.id, round);
      expect(outcome).to.be.oneOf(["accepted", "rejected"]);
    }
    for (const node of nodes) expect(node.running).to.be.true;
  });
});
