import { expect } from "chai";
import { ContractFactory, NonceManager, Wallet } from "ethers";

import { startChain, type LocalChain } from "../../src/demo/chain.ts";
import { ColearnError, UserError } from "../../src/errors.ts";
import { connect, type Provider } from "../../src/ledger/connect.ts";
import { devAccount } from "../../src/ledger/dev-accounts.ts";
import type { Done } from "../../src/ledger/done.ts";
import { RevertError } from "../../src/ledger/errors.ts";
import { abi } from "../../src/ledger/generated/abi.ts";
import { bytecode } from "../../src/ledger/generated/bytecode.ts";
import { Ledger } from "../../src/ledger/ledger.ts";
import { Transactor } from "../../src/ledger/transactor.ts";
import { colearn, until } from "./support/colearn.ts";
import { configWith } from "./support/config.ts";

const config = configWith({ admission: "invited", ballot: "sealed", earlyDecision: true, revealWindow: 60 });

/** What Hardhat tells of a transaction that waits. */
type Waiting = Readonly<Record<"from" | "nonce" | "hash" | "maxFeePerGas" | "maxPriorityFeePerGas", string>>;

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

  afterEach(() => provider.send("evm_setAutomine", [true]));

  after(async () => {
    provider.destroy();
    await chain.stop();
  });

  /** The transaction that waits to be mined with a nonce, as soon as there is one. */
  async function waiting(from: string, nonce: number): Promise<Waiting> {
    let found: Waiting | undefined;
    await until("a transaction waits to be mined", async () => {
      const pending = (await provider.send("eth_pendingTransactions", [])) as Waiting[];
      found = pending.find((sent) => sent.from === from.toLowerCase() && Number(sent.nonce) === nonce);
      return found !== undefined;
    });
    return found as unknown as Waiting;
  }

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
    const first = await waiting(patient.address, nonce);
    await until("it is replaced", async () => (await waiting(patient.address, nonce)).hash !== first.hash);
    await provider.send("evm_mine", []);
    const { receipt } = await sent;
    const transaction = await receipt?.getTransaction();
    expect(transaction?.nonce).to.equal(nonce);
    expect(Number(transaction?.maxPriorityFeePerGas)).to.be.greaterThan(1.1 * Number(first.maxPriorityFeePerGas));
    expect(await provider.getTransactionCount(patient.address)).to.equal(nonce + 1);
  });

  it("replaces a transaction that was given up, whatever is sent next", async () => {
    const hasty = await Transactor.create(ledger, devAccount(0), { patienceMilliseconds: 200 });
    const id = await hasty.createExperiment(config);
    const nonce = await provider.getTransactionCount(hasty.address);
    await provider.send("evm_setAutomine", [false]);
    const error: unknown = await hasty.invite(id, [devAccount(1).address]).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(ColearnError).and.include({ code: "not-mined" });
    const stuck = await waiting(hasty.address, nonce);
    const sent = hasty.invite(id, [devAccount(2).address]);
    await until("it is replaced", async () => (await waiting(hasty.address, nonce)).hash !== stuck.hash);
    await provider.send("evm_mine", []);
    await sent;
    expect(await provider.getTransactionCount(hasty.address)).to.equal(nonce + 1);
    expect(await provider.getTransactionCount(hasty.address, "pending")).to.equal(nonce + 1);
    expect(await ledger.snapshot(id, devAccount(2).address)).to.include({ invited: true });
    expect(await ledger.snapshot(id, devAccount(1).address)).to.include({ invited: false });
  });

  it("says at once that another process of the same key replaced its transaction", async () => {
    const one = await Transactor.create(ledger, devAccount(0));
    const id = await one.createExperiment(config);
    const nonce = await provider.getTransactionCount(one.address);
    await provider.send("evm_setAutomine", [false]);
    const sent = one.invite(id, [devAccount(1).address]).catch((reason: unknown) => reason);
    const { maxFeePerGas } = await waiting(one.address, nonce);
    const fee = 2n * BigInt(maxFeePerGas);
    const fees = { maxFeePerGas: fee, maxPriorityFeePerGas: fee };
    const other = devAccount(0).connect(provider);
    await other.sendTransaction({ to: one.address, nonce, gasLimit: 21_000n, ...fees });
    await provider.send("evm_mine", []);
    const error = await sent;
    expect(error).to.be.instanceOf(ColearnError).and.include({ code: "replaced" });
    await provider.send("evm_setAutomine", [true]);
    await one.invite(id, [devAccount(1).address]);
  });

  it("signs nothing where the network asks for more than the limit", async () => {
    const thrifty = await Transactor.create(ledger, devAccount(0), { maxFeePerGas: 1_000n });
    const nonce = await provider.getTransactionCount(thrifty.address, "pending");
    const error: unknown = await thrifty.createExperiment(config).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(ColearnError).and.include({ code: "fee-too-high" });
    expect(String(error)).to.match(/[\d.]+ gwei .* 0\.000001 gwei/);
    expect(await provider.getTransactionCount(thrifty.address, "pending")).to.equal(nonce);
  });

  it("keeps to the limit that the command line gives", async () => {
    const coordinator = await Transactor.create(ledger, devAccount(0));
    const id = await coordinator.createExperiment(config);
    const target = ["--rpc", chain.rpc, "--contract", ledger.address, "--dev-account", "0"];
    const cancel = (maxFee: string) => colearn(["cancel", id.toString(), ...target, "--max-fee", maxFee]);
    const low = await cancel("0.000001");
    expect(low.stderr).to.match(/^error: .* gwei .* above the limit of 0\.000001 gwei \(.*--max-fee\)\n$/);
    expect(low.code).to.equal(1);
    expect(await ledger.snapshot(id)).to.include({ status: "enrolling" });
    for (const wrong of ["0", "-1", "much"]) {
      expect(await cancel(wrong)).to.include({ code: 2, stdout: "" });
    }
    expect(await cancel("500")).to.include({ code: 0, stderr: "" });
    expect(await ledger.snapshot(id)).to.include({ status: "cancelled" });
  });

  it("says that a key has no funds", async () => {
    const poor = await Transactor.create(ledger, Wallet.createRandom());
    const error = await poor.createExperiment(config).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(UserError);
    expect(String(error)).to.match(/no funds/);
  });

  it("settles a round within a vote that was estimated as one of many", async () => {
    const coordinator = await Transactor.create(ledger, devAccount(0));
    const id = await coordinator.createExperiment({
      ...config,
      admission: "open",
      ballot: "open",
      revealWindow: 0,
      earlyDecision: false,
    });
    const learners = await Promise.all([0, 1, 2].map((n) => Transactor.create(ledger, devAccount(n))));
    for (const learner of learners) await learner.join(id, "{}");
    await coordinator.start(id);
    const proposal = { digest: `0x${"3".repeat(64)}`, codec: 0x55 };
    await learners[0]?.propose(id, 1, proposal);
    // Both are estimated on the same state, then mined in one block: the second costs far more than it was estimated at.
    await provider.send("evm_setAutomine", [false]);
    const votes = learners.slice(1).map((learner) => learner.vote(id, 1, proposal, true, 0.5));
    for (const { address } of learners.slice(1)) await waiting(address, await provider.getTransactionCount(address));
    await provider.send("evm_setAutomine", [true]);
    await provider.send("evm_mine", []);
    for (const { receipt } of await Promise.all(votes)) expect(receipt?.status).to.equal(1);
    expect(await ledger.round(id, 1)).to.deep.include({ outcome: "accepted", proposal });
    expect(await ledger.snapshot(id)).to.deep.include({ round: 2, weights: proposal, weightsRound: 1 });
    expect((await ledger.votes(id)).map(({ score, approve }) => [score, approve])).to.deep.equal([
      [0.5, true],
      [0.5, true],
    ]);
  });

  it("takes what is done already for done, and another vote or proposal for a mistake", async () => {
    const open = { admission: "open", ballot: "open", revealWindow: 0, earlyDecision: false } as const;
    const one = await Transactor.create(ledger, devAccount(0));
    const two = await Transactor.create(ledger, devAccount(1));
    const id = await one.createExperiment({ ...config, ...open });
    const twice = async (act: () => Promise<Done>) => {
      const first = await act();
      expect(first.isNew).to.equal(true);
      expect(await act()).to.deep.equal({ hash: first.hash, isNew: false });
    };
    const refusal = async (sent: Promise<Done>) =>
      sent.catch((error: unknown) => (error instanceof RevertError ? error.revert : error));
    const proposal = { digest: `0x${"5".repeat(64)}`, codec: 0x55 };
    const another = { digest: `0x${"6".repeat(64)}`, codec: 0x55 };
    await twice(() => one.join(id, "{}"));
    await twice(() => two.join(id, "{}"));
    await twice(() => two.leave(id));
    expect(await refusal(two.join(id, "{}"))).to.equal("AlreadyJoined");
    await twice(() => two.resume(id));
    await (await Transactor.create(ledger, devAccount(2))).join(id, "{}");
    await twice(() => one.start(id));
    await twice(() => one.propose(id, 1, proposal));
    expect(await refusal(one.propose(id, 1, another))).to.equal("WrongPhase");
    await twice(() => two.vote(id, 1, proposal, true, 0.5));
    expect(await refusal(two.vote(id, 1, proposal, false, 0.5))).to.equal("AlreadyVoted");
  });

  it("takes the same seal for done, and another for a mistake", async () => {
    const [one, two] = await Promise.all([0, 1].map((n) => Transactor.create(ledger, devAccount(n))));
    if (!one || !two) throw new Error("two keys are needed");
    const id = await one.createExperiment({ ...config, admission: "open" });
    for (const n of [0, 1, 2]) await (await Transactor.create(ledger, devAccount(n))).join(id, "{}");
    await one.start(id);
    const proposal = { digest: `0x${"5".repeat(64)}`, codec: 0x55 };
    await one.propose(id, 1, proposal);
    const { hash } = await two.sealVote(id, 1, proposal, `0x${"7".repeat(64)}`);
    expect(await two.sealVote(id, 1, proposal, `0x${"7".repeat(64)}`)).to.deep.equal({ hash, isNew: false });
    const error: unknown = await two
      .sealVote(id, 1, proposal, `0x${"8".repeat(64)}`)
      .catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(RevertError).and.include({ revert: "AlreadyVoted" });
  });

  it("lets commands say that it is done already, and join bring back who left", async () => {
    const coordinator = await Transactor.create(ledger, devAccount(0));
    const id = (await coordinator.createExperiment({ ...config, admission: "open" })).toString();
    const target = ["--rpc", chain.rpc, "--contract", ledger.address, "--dev-account", "0", "--confirmations", "1"];
    const says = async (command: string, words: RegExp) => {
      const { code, stdout, stderr } = await colearn([command, id, ...target]);
      expect(stdout, stderr).to.match(words);
      expect(code).to.equal(0);
    };
    await says("join", /is learner 0 of experiment \d+\.\n$/);
    await says("join", /is learner 0 of experiment \d+ already\.\n$/);
    await says("leave", /^Left/);
    await says("leave", /already/);
    await says("join", /again: it had left or was suspended\.\n$/);
    await says("cancel", /is cancelled\.\n$/);
    const { stdout } = await colearn(["cancel", id, ...target, "--json"]);
    expect(JSON.parse(stdout)).to.deep.include({ already: true });
  });
});
