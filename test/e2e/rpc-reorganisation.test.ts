import { expect } from "chai";
import type { TransactionReceipt } from "ethers";

import { startChain, type LocalChain } from "../../src/demo/chain.ts";
import { connect, type Provider } from "../../src/ledger/connect.ts";
import { devAccount } from "../../src/ledger/dev-accounts.ts";
import { Outbox, type OutboxOptions } from "../../src/ledger/outbox.ts";
import { until } from "./support/colearn.ts";
import { UnreliableEndpoint } from "./support/unreliable-endpoint.ts";

const sender = devAccount(0);
const recipient = `0x${"5".repeat(40)}`;

/** A call that leaves a trace: how often it was made is told by what the block says. */
const call = (mark: string) => ({ to: recipient, data: mark });

describe("a transaction whose block is replaced", function () {
  this.timeout(60_000);
  let chain: LocalChain;
  let direct: Provider;
  let snapshot: string;
  let first: number;

  before(async () => {
    chain = await startChain({ accounts: 1 });
    direct = await connect({ rpc: chain.rpc });
  });

  beforeEach(async () => {
    snapshot = (await direct.send("evm_snapshot", [])) as string;
    first = await direct.getTransactionCount(sender.address);
  });

  after(async () => {
    direct.destroy();
    await chain.stop();
  });

  const outbox = (provider: Provider, options: OutboxOptions) =>
    new Outbox(provider, sender.connect(provider), sender.address, { patienceMilliseconds: 1_000, ...options });

  const mine = async (blocks: number) => {
    for (let count = 0; count < blocks; count++) await direct.send("evm_mine", []);
  };

  const mined = (count: number) =>
    until(`${count} transactions are mined`, async () => {
      return (await direct.getTransactionCount(sender.address)) === first + count;
    });

  /** What the key did since the test began, in order. */
  async function done(): Promise<string[]> {
    const marks: string[] = [];
    for (let number = await direct.getBlockNumber(); number > 0; number--) {
      const block = await direct.getBlock(number, true);
      for (const { nonce, data } of block?.prefetchedTransactions ?? []) if (nonce >= first) marks.unshift(data);
    }
    return marks;
  }

  const forget = () => direct.send("evm_revert", [snapshot]);

  it("is sent again, the very same, until it is as deep as it must be", async () => {
    let receipt: TransactionReceipt | undefined;
    const sent = outbox(direct, { confirmations: 3 })
      .send(call("0x01"))
      .then((done) => (receipt = done));
    await mined(1);
    const block = await direct.getBlock("latest", true);
    const before = block?.prefetchedTransactions[0]?.hash;
    // Not deep enough, and seen at least once.
    await mine(1);
    await new Promise((resolve) => setTimeout(resolve, 3 * direct.pollingInterval));
    expect(receipt).to.equal(undefined);
    await forget();
    await mined(1);
    await mine(2);
    expect(await sent).to.include({ hash: before, status: 1 });
    expect(await done()).to.deep.equal(["0x01"]);
  });

  it("is sent again over several endpoints, one of which fails", async () => {
    await using failing = await UnreliableEndpoint.start(chain.rpc);
    await using other = await UnreliableEndpoint.start(chain.rpc);
    const provider = await connect({ rpc: [failing.address, other.address] });
    try {
      const sent = outbox(provider, { confirmations: 3 }).send(call("0x01"));
      await mined(1);
      failing.fault = "drop";
      await new Promise((resolve) => setTimeout(resolve, 3 * direct.pollingInterval));
      await forget();
      await mined(1);
      await mine(2);
      expect(await sent).to.include({ status: 1 });
      expect(await done()).to.deep.equal(["0x01"]);
    } finally {
      provider.destroy();
    }
  });

  it("is done again before the next, where the chain goes back further than anybody reckoned with", async () => {
    const one = outbox(direct, { confirmations: 1 });
    await one.send(call("0x01"));
    await one.send(call("0x02"));
    await forget();
    await one.send(call("0x03"));
    expect(await done()).to.deep.equal(["0x01", "0x02", "0x03"]);
  });

  it("is found done by a process that was started anew while it waited", async () => {
    await direct.send("evm_setAutomine", [false]);
    try {
      const left = outbox(direct, { patienceMilliseconds: 0 }).send(call("0x01"));
      await left.catch(() => undefined);
      // The new process reads the nonce before the old one's transaction is mined, and broadcasts after.
      const signer = sender.connect(direct);
      const sign = signer.signTransaction.bind(signer);
      signer.signTransaction = async (transaction) => {
        await mine(1);
        return sign(transaction);
      };
      const started = new Outbox(direct, signer, sender.address, { patienceMilliseconds: 5_000 });
      const { hash } = await started.send(call("0x01"));
      expect(await done()).to.deep.equal(["0x01"]);
      expect(await direct.getTransaction(hash)).to.include({ nonce: first, data: "0x01" });
    } finally {
      await direct.send("evm_setAutomine", [true]);
    }
  });
});
