import { expect } from "chai";

import { until } from "./support/colearn.ts";
import { createExperiment } from "./support/experiment.ts";

const small = ["--steps-per-proposal", "3"];
const relayed = ["--votes", "relayed"];

describe("votes that are relayed", function () {
  this.timeout(240_000);

  it("make every round two transactions: a proposal, and all votes on it", async () => {
    const rounds = 4;
    const args = ["--learners", "4", "--rounds", String(rounds), ...small, "--vote-window", "60"];
    await using experiment = await createExperiment(args);
    const { ledger, id } = experiment;
    const nodes = [0, 1, 2, 3].map((account) => experiment.startNode(account, relayed));
    await experiment.completed();
    await until("all have finished", () => nodes.every((node) => node.told("finished")));

    const transactions = await ledger.transactionsByRound(id);
    for (let round = 1; round <= rounds; round++) {
      expect(transactions.get(round), `round ${round}`).to.have.length(2);
      const { voters, approvals, rejections } = await ledger.round(id, round);
      expect(approvals | rejections).to.equal(voters);
      const batch = transactions.get(round)?.at(-1);
      const told = nodes.flatMap(({ events }) => events.filter((e) => e.event === "voted" && e.round === round));
      expect(told.map((event) => "transaction" in event && event.transaction)).to.deep.equal([batch, batch, batch]);
    }
  });
});
