import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { expect } from "chai";

import { devAccount } from "../../src/ledger/dev-accounts.ts";
import { count } from "../../src/ledger/types.ts";
import { encodeContact } from "../../src/node/contact.ts";
import { openStore } from "../../src/node/open-store.ts";
import { decodeRequest, encodeAnswer, PROTOCOL, type Request } from "../../src/node/relay/protocol.ts";
import { until } from "./support/colearn.ts";
import { createExperiment, type TestExperiment } from "./support/experiment.ts";
import { startRelay } from "./support/relay.ts";
import { sideBySide } from "./support/side-by-side.ts";

const small = ["--steps-per-proposal", "3"];
const relayed = ["--votes", "relayed"];

/** Who sent the transactions that brought the votes of a round to the ledger, by voter. */
async function sendersOfVotes({ ledger, id }: TestExperiment, round: number): Promise<Map<string, string | undefined>> {
  const votes = (await ledger.votes(id)).filter((vote) => vote.round === round);
  return new Map(
    await Promise.all(
      votes.map(async ({ voter, transaction }) => {
        return [voter, (await ledger.provider.getTransaction(transaction))?.from] as const;
      }),
    ),
  );
}

describe("votes that are relayed", function () {
  this.timeout(240_000);

  sideBySide({
    "make every round two transactions: a proposal, and all votes on it": async () => {
      const rounds = 2;
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
    },

    "are sent by the voters themselves from half of the window on, where the proposer takes them and drops them":
      async () => {
        const window = 36;
        const args = ["--learners", "3", "--rounds", "2", ...small, "--vote-window", String(window)];
        await using experiment = await createExperiment(args);
        const { ledger, id } = experiment;
        // It joins first and is learner 0: the proposer of round 1.
        const liar = await experiment.transactor(2);
        await using resources = new AsyncDisposableStack();
        const store = await openStore({ home: experiment.home(2) });
        resources.defer(() => store.stop());
        const dropped: Request[] = [];
        await store.messages?.serve(
          PROTOCOL,
          async (question) => {
            dropped.push(decodeRequest(question));
            return encodeAnswer({ status: "accepted" });
          },
          () => undefined,
        );
        await liar.join(id, encodeContact(await store.addresses()));
        const honest = [0, 1].map((account) => experiment.startNode(account, relayed));
        await until("the experiment runs", async () => (await ledger.snapshot(id)).status === "running");
        // Else they might be ready only after half of the window.
        await until("both hold the current weights", () => honest.every((node) => node.told("synchronised")));
        await liar.propose(id, 1, await store.add(randomBytes(1_000)));
        await until("round 1 is settled", async () => (await ledger.snapshot(id)).round > 1);

        const { outcome, voters, rejections, deadline } = await ledger.round(id, 1);
        expect(outcome).to.equal("rejected");
        expect(rejections).to.equal(voters);
        expect(
          new Set(dropped.map((request) => request.kind === "vote" && request.voter)).size,
          "votes dropped",
        ).to.equal(2);
        for (const [voter, sender] of await sendersOfVotes(experiment, 1)) expect(sender).to.equal(voter);
        for (const { transaction } of await ledger.votes(id)) {
          const receipt = await ledger.provider.getTransactionReceipt(transaction);
          const block = await ledger.provider.getBlock(receipt?.blockNumber ?? -1);
          // At half, with room for a slow machine, and not at the deadline.
          expect(block?.timestamp).to.be.within(deadline - 0.65 * window, deadline - 0.2 * window);
        }
        for (const node of honest) expect(node.running).to.be.true;
      },

    "arrive all the same when the proposer is killed with the votes in its hands": async () => {
      const args = ["--learners", "4", "--rounds", "2", ...small, "--vote-window", "36"];
      await using experiment = await createExperiment(args);
      const { ledger, id, folder } = experiment;
      const accounts = [0, 1, 2];
      const nodes = accounts.map((account) => experiment.startNode(account, relayed));
      // The last to join never votes: the proposer waits for it, with the others' votes.
      await until("three are ready", () => nodes.every((node) => node.told("synchronised")));
      await (await experiment.transactor(3)).join(id, encodeContact([]));
      await until("round 1 is open", async () => (await ledger.snapshot(id)).round === 1);
      const { proposer } = await ledger.snapshot(id);
      const account = accounts.findIndex((each) => devAccount(each).address === proposer);
      const log = () => readFileSync(join(folder, `node-${account}.${account}.log`), "utf8");
      await until("the proposer holds two votes", () => log().includes('"held":2'));
      nodes[account]?.kill("SIGKILL");
      const cast = async () => {
        const { approvals, rejections } = await ledger.round(id, 1);
        return count(approvals | rejections);
      };
      expect(await cast(), "votes that the proposer sent").to.equal(0);
      await until("both votes are there", async () => (await cast()) === 2);
      for (const [voter, sender] of await sendersOfVotes(experiment, 1)) expect(sender).to.equal(voter);
    },
  });
});

describe("learners with empty accounts", function () {
  this.timeout(240_000);
  const rounds = 2;
  // Accounts 0, the coordinator, and 1 have funds.
  const create = ["--learners", "3", "--rounds", String(rounds), ...small];

  /** Runs learners without funds to the end. */
  async function finish(
    experiment: TestExperiment,
    accounts: readonly number[],
    extra: readonly string[] = [],
    before: (peers: readonly string[]) => Promise<void> = async () => undefined,
  ): Promise<void> {
    const { ledger, id } = experiment;
    await using resources = new AsyncDisposableStack();
    const store = await openStore({ home: experiment.home(0) });
    resources.defer(() => store.stop());
    const peers = (await store.addresses()).flatMap((address) => ["--peer", address]);
    await before(peers);
    const nodes = accounts.map((account) => experiment.startNode(account, [...relayed, ...peers, ...extra]));
    await until("all have joined", async () => (await ledger.snapshot(id)).learnerCount === 3);
    await (await experiment.transactor(0)).start(id);
    await experiment.completed();
    await until("all have finished", () => nodes.every((node) => node.told("finished")));
    for (let round = 1; round <= rounds; round++) {
      const { outcome, voters, approvals, rejections } = await ledger.round(id, round);
      expect(outcome).to.be.oneOf(["accepted", "rejected"]);
      expect(approvals | rejections).to.equal(voters);
    }
    for (const account of accounts) {
      const { address } = devAccount(account);
      expect(await ledger.provider.getBalance(address)).to.equal(0n);
      expect(await ledger.provider.getTransactionCount(address)).to.equal(0);
    }
  }

  sideBySide({
    "finish an experiment through a relay that they are told of": async () => {
      await using experiment = await createExperiment([...create, "--vote-window", "40"], { accounts: 2 });
      await using relay = await startRelay(experiment, 1);
      const relayers = relay.addresses.flatMap((address) => ["--relayer", address]);
      await finish(experiment, [2, 3, 4], relayers);
      await until("the relay has ended", () => relay.exitCode === 0);
    },

    "finish one with sealed ballots and drawn proposers through a learner that relays, found on the ledger":
      async () => {
        const args = ["--ballot", "sealed", "--selection", "random", "--vote-window", "40"];
        await using experiment = await createExperiment([...create, ...args], { accounts: 2 });
        const { ledger, id } = experiment;
        await finish(experiment, [2, 3], [], async (peers) => {
          experiment.startNode(1, ["--relay", ...peers]);
          await until("the relay has joined", async () => (await ledger.snapshot(id)).learnerCount === 1);
        });
      },
  });
});
