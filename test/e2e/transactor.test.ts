import { expect } from "chai";
import { ContractFactory, NonceManager, Wallet } from "ethers";

import { startChain, type LocalChain } from "../../src/demo/chain.ts";
import { UserError } from "../../src/errors.ts";
import { connect, type Provider } from "../../src/ledger/connect.ts";
import { devAccount } from "../../src/ledger/dev-accounts.ts";
import { RevertError } from "../../src/ledger/errors.ts";
import { abi } from "../../src/ledger/generated/abi.ts";
import { bytecode } from "../../src/ledger/generated/bytecode.ts";
import { Ledger } from "../../src/ledger/ledger.ts";
import { Transactor } from "../../src/ledger/transactor.ts";
import type { ExperimentConfig } from "../../src/ledger/types.ts";

const config: ExperimentConfig = {
  manifest: { digest: `0x${"1".repeat(64)}`, codec: 0x55 },
  weights: { digest: `0x${"2".repeat(64)}`, codec: 0x70 },
  rounds: 3,
  minLearners: 2,
  maxLearners: 3,
  approvalBps: 5_000,
  proposeWindow: 60,
  voteWindow: 60,
  pauseLimit: 60,
  enrolmentDeadline: Math.floor(Date.now() / 1000) + 3_600,
  admission: "invited",
  earlyDecision: true,
};

describe("Transactor, on a real chain", function () {
  this.timeout(60_000);
  let chain: LocalChain;
  let provider: Provider;
  let ledger: Ledger;

  before(async () => {
    chain = await startChain({ accounts: 4 });
    provider = await connect({ rpc: chain.rpc });
    const deployer = new NonceManager(devAccount(3)).connect(provider);
    const contract = await new ContractFactory(abi, bytecode, deployer).deploy();
    await contract.waitForDeployment();
    ledger = new Ledger(provider, await contract.getAddress());
  });

  after(async () => {
    await provider.destroy();
    await chain.stop();
  });

  it("creates an experiment that reads back as it was configured", async () => {
    const coordinator = await Transactor.create(ledger, devAccount(0));
    const id = await coordinator.createExperiment(config);
    expect(await ledger.experiment(id)).to.deep.include({ coordinator: coordinator.address, config });
    expect(await ledger.snapshot(id)).to.deep.include({
      status: "enrolling",
      weights: config.weights,
      index: undefined,
    });
  });

  it("sends what is asked for at once one after the other, and a refusal leaves no gap", async () => {
    const coordinator = await Transactor.create(ledger, devAccount(0));
    const id = await coordinator.createExperiment(config);
    const learners = [1, 2].map((n) => devAccount(n).address);
    const results = await Promise.allSettled([
      coordinator.invite(id, learners),
      coordinator.start(id),
      coordinator.invite(id, [Wallet.createRandom().address]),
      coordinator.start(id + 1_000n),
      coordinator.join(id, "{}"),
      coordinator.invite(id, [Wallet.createRandom().address]),
    ]);
    expect(results.map(({ status }) => status)).to.deep.equal([
      ...["fulfilled", "rejected", "fulfilled", "rejected", "rejected", "fulfilled"],
    ]);
    const refusals = results.flatMap((result) => (result.status === "rejected" ? [result.reason as RevertError] : []));
    expect(refusals.map(({ revert }) => revert)).to.deep.equal(["TooFewLearners", "UnknownExperiment", "NotInvited"]);
    expect(refusals[0]).to.be.instanceOf(RevertError);
    expect(refusals[0]?.message).to.equal("the contract refused to start the experiment: TooFewLearners(0, 2)");
  });

  it("sends a transaction that is not mined again, with a higher fee and the same nonce", async () => {
    const patient = await Transactor.create(ledger, devAccount(0), { patienceMilliseconds: 300 });
    const id = await patient.createExperiment(config);
    const nonce = await provider.getTransactionCount(patient.address);
    await provider.send("evm_setAutomine", [false]);
    const sent = patient.invite(id, [devAccount(1).address]);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await provider.send("evm_mine", []);
    const receipt = await sent;
    await provider.send("evm_setAutomine", [true]);
    const transaction = await receipt.getTransaction();
    expect(transaction.nonce).to.equal(nonce);
    const first = await provider.getFeeData();
    expect(Number(transaction.maxPriorityFeePerGas)).to.be.greaterThan(1.1 * Number(first.maxPriorityFeePerGas));
    expect(await provider.getTransactionCount(patient.address)).to.equal(nonce + 1);
  });

  it("says that a key has no funds", async () => {
    const poor = await Transactor.create(ledger, Wallet.createRandom());
    const error = await poor.createExperiment(config).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(UserError);
    expect(String(error)).to.match(/no funds/);
  });

  it("settles a round within a vote that was estimated as one of many", async () => {
    const coordinator = await Transactor.create(ledger, devAccount(0));
    const id = await coordinator.createExperiment({ ...config, admission: "open", earlyDecision: false });
    const learners = await Promise.all([0, 1, 2].map((n) => Transactor.create(ledger, devAccount(n))));
    for (const learner of learners) await learner.join(id, "{}");
    await coordinator.start(id);
    const proposal = { digest: `0x${"3".repeat(64)}`, codec: 0x55 };
    await learners[0]?.propose(id, 1, proposal);
    // Both are estimated on the same state, then mined in one block: the second costs far more than it was estimated at.
    await provider.send("evm_setAutomine", [false]);
    const votes = learners.slice(1).map((learner) => learner.vote(id, 1, proposal, true, 0.5));
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await provider.send("evm_setAutomine", [true]);
    await provider.send("evm_mine", []);
    for (const receipt of await Promise.all(votes)) expect(receipt.status).to.equal(1);
    expect(await ledger.round(id, 1)).to.deep.include({ outcome: "accepted", proposal });
    expect(await ledger.snapshot(id)).to.deep.include({ round: 2, weights: proposal, weightsRound: 1 });
    expect((await ledger.votes(id)).map(({ score, approve }) => [score, approve])).to.deep.equal([
      [0.5, true],
      [0.5, true],
    ]);
  });
});
