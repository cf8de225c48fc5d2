import { expect } from "chai";
import { getAddress, Wallet, ZeroHash } from "ethers";

import { devAccount } from "../../src/ledger/dev-accounts.ts";
import type { Provider } from "../../src/ledger/connect.ts";
import { Transactor } from "../../src/ledger/transactor.ts";
import { has } from "../../src/ledger/types.ts";
import { CALLS_PER_ROUND, STRANGERS_GAS } from "../../src/node/relay/budget.ts";
import { until } from "./support/colearn.ts";
import { proposal, RELAY, serveOnChain } from "./support/relay-service.ts";

/** A contract that takes every signature where gas has no price, as in an estimate, and else burns what it is given. */
const takesAllInChecks = "0x3a601457631626ba7e60e01b60005260206000f35bfe";
const wallet = getAddress(`0x${"d0".repeat(20)}`);

/** What the relay's account has sent. */
async function sent(provider: Provider) {
  const all = [];
  for (let number = await provider.getBlockNumber(); number > 0; number--) {
    for (const hash of (await provider.getBlock(number))?.transactions ?? []) {
      const receipt = await provider.getTransactionReceipt(hash);
      if (receipt?.from === devAccount(RELAY).address) all.unshift(receipt);
    }
  }
  return all;
}

/** A relay on a chain that mines by itself, and estimates as if gas were free. */
async function serve() {
  const relay = await serveOnChain();
  const { provider } = relay.ledger;
  provider.estimateGas = async ({ to, from, data }) =>
    BigInt((await provider.send("eth_estimateGas", [{ to, from, data, gasPrice: "0x0" }, "latest"])) as string);
  return { ...relay, provider };
}

/** Accounts 0 and 1 and a contract are learners; account 0 has proposed, and cannot pay for a batch. */
async function openRound({ provider, ledger, experiment, transactor, encode }: Awaited<ReturnType<typeof serve>>) {
  for (const account of [0, 1]) await (await transactor(account)).join(experiment, "{}");
  await provider.send("hardhat_impersonateAccount", [wallet]);
  await provider.send("hardhat_setBalance", [wallet, "0x56bc75e2d63100000"]);
  const data = encode("join", [experiment, "", ZeroHash, "0x"]);
  await provider.send("eth_sendTransaction", [{ from: wallet, to: ledger.address, data }]);
  await provider.send("hardhat_setCode", [wallet, takesAllInChecks]);
  await (await transactor(0)).start(experiment);
  await (await transactor(0)).propose(experiment, 1, proposal);
  await provider.send("hardhat_setBalance", [devAccount(0).address, "0x0"]);
  await mineByItself(provider);
}

/** As other chains do: who sends is not told whether it will go well. */
async function mineByItself(provider: Provider): Promise<void> {
  await provider.send("evm_setAutomine", [false]);
  await provider.send("evm_setIntervalMining", [100]);
}

describe("a relay, among learners that are contracts and burn gas,", function () {
  this.timeout(120_000);

  it("brings the keys' votes in beside a contract that takes back its signature, and asks that one no more", async () => {
    await using relay = await serve();
    const { provider, ledger, experiment, ask, vote } = relay;
    await openRound(relay);
    const theirs = { ...(await vote(1)), voter: wallet, signature: "0x12" };
    expect(await ask(theirs)).to.deep.equal({ status: "accepted" });
    expect(await ask(await vote(1))).to.deep.equal({ status: "accepted" });
    await until("the key's vote is there", async () => has((await ledger.snapshot(experiment)).approvals, 1));
    const [batch, ...rest] = await sent(provider);
    expect([batch?.status, rest.length]).to.deep.equal([1, 0]);
    expect(await ask(theirs)).to.include({ status: "refused", code: "liar" });
    // Room for whatever a contract may burn, and for a list of learners that is out of date.
    const transaction = await provider.getTransaction(batch?.hash ?? "");
    const room = Number((transaction?.gasLimit ?? 0n) - (batch?.gasUsed ?? 0n));
    expect(room).to.be.greaterThan(2 * 2_500);
    expect(Number(batch?.gasUsed)).to.be.greaterThan(500_000);
  });

  it("pays for one batch of theirs that fails in a round, and then sends the keys' votes alone", async () => {
    await using relay = await serve();
    const { provider, ledger, experiment, ask, vote, lines } = relay;
    await openRound(relay);
    const theirs = { ...(await vote(1)), voter: wallet, signature: "0x12" };
    expect(await ask(theirs)).to.deep.equal({ status: "accepted" });
    // Beyond the first mark of the window.
    await provider.send("evm_increaseTime", [250]);
    await until("the batch has failed", () => lines.some(({ msg }) => msg === "the votes failed"));
    expect(await ask(theirs)).to.include({ status: "refused", code: "keys-only" });
    expect(await ask(await vote(1))).to.deep.equal({ status: "accepted" });
    await provider.send("evm_increaseTime", [100]);
    await until("the key's vote is there", async () => has((await ledger.snapshot(experiment)).approvals, 1));
    expect((await sent(provider)).map(({ status }) => status)).to.deep.equal([0, 1]);
  });

  it("spends so much on strangers in an hour and no more, each of whom it serves until a call of its fails", async () => {
    await using relay = await serve();
    const { provider, ledger, experiment, ask, encode, call, transactor } = relay;
    await (await transactor(0)).join(experiment, "{}");
    await mineByItself(provider);
    const join = encode("join", [experiment, "", ZeroHash, "0x"]);
    const deadline = BigInt(await ledger.now()) + 3_000n;
    const joinAs = async (n: number) => {
      const learner = getAddress(`0x${(0xd000 + n).toString(16).repeat(10)}`);
      await provider.send("hardhat_setCode", [learner, takesAllInChecks]);
      const answer = await ask({ kind: "call", learner, call: join, deadline, signature: "0x12" });
      return "code" in answer ? answer.code : answer.status;
    };
    const codes: string[] = [];
    for (let n = 0; codes.at(-1) !== "budget" && n < 40; n++) codes.push(await joinAs(n));
    expect(new Set(codes)).to.deep.equal(new Set(["failed", "budget"]));
    expect(await joinAs(0), "the first again").to.equal("failed");
    const receipts = await sent(provider);
    expect(receipts).to.have.length(codes.length - 1);
    expect(receipts.reduce((gas, { gasUsed }) => gas + gasUsed, 0n) <= STRANGERS_GAS).to.be.true;
    // Learners have a budget of their own.
    expect(await ask(await call(0, encode("updateContact", [experiment, "{ }"]), 0n))).to.include({ status: "done" });
  });

  it("sends a call once, however many ask for it, and counts it once", async () => {
    await using relay = await serve();
    const { provider, experiment, ask, encode, call, transactor } = relay;
    await (await transactor(0)).join(experiment, "{}");
    await mineByItself(provider);
    const contact = (nonce: bigint) => call(0, encode("updateContact", [experiment, "{}"]), nonce);
    const first = await contact(0n);
    const answers = await Promise.all([1, 2, 3, 4, 5, 6, 7].map(() => ask(first)));
    expect(new Set(answers.map((answer) => "transaction" in answer && answer.transaction)).size).to.equal(1);
    expect(await sent(provider)).to.have.length(1);
    expect(await ask(first)).to.include({ code: "signature" });
    for (let nonce = 1n; nonce < CALLS_PER_ROUND; nonce++) {
      expect(await ask(await contact(nonce))).to.include({ status: "done" });
    }
    expect(await ask(await contact(BigInt(CALLS_PER_ROUND)))).to.include({ code: "allowance" });
  });
});

describe("a learner whose relay lies", function () {
  this.timeout(60_000);

  it("does not take another's transaction for its own", async () => {
    await using relay = await serve();
    const { ledger, experiment, provider, transactor } = relay;
    for (const account of [0, 1]) await (await transactor(account)).join(experiment, "{}");
    await (await transactor(0)).start(experiment);
    const { hash } = await (await transactor(1)).updateContact(experiment, "{ }");
    await provider.send("evm_increaseTime", [601]);
    await provider.send("evm_mine", []);
    const poor = Wallet.createRandom();
    const heard: unknown[] = [];
    const honest = await transactor(1);
    const poorTransactor = await Transactor.create(ledger, poor, {
      relay: {
        async send(call, confirm) {
          heard.push(await confirm(hash));
          const done = await confirm((await honest.sendFor(call)).hash);
          if (done === undefined) throw new Error("what was sent is not seen");
          return done;
        },
      },
    });
    const receipt = await poorTransactor.advance(experiment);
    expect(heard).to.deep.equal([undefined]);
    expect(receipt.hash).not.to.equal(hash);
    expect((await ledger.snapshot(experiment)).round).to.equal(2);
  });
});
