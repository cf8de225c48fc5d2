import { expect } from "chai";
import { makeError } from "ethers";

import { UserError } from "../../../src/errors.ts";
import type { TransactionTold } from "../../../src/ledger/outbox.ts";
import { failure, FakeChain, GWEI, other, vote } from "./fake-chain.ts";

const unreachable = () => new UserError("rpc", "the JSON-RPC endpoint does not answer");

describe("an outbox", () => {
  let chain: FakeChain;

  beforeEach(() => {
    chain = new FakeChain();
  });

  it("waits until a transaction is mined, and uses the next nonce after it", async () => {
    const outbox = chain.outbox();
    chain.onLook = () => {
      chain.mine();
    };
    const first = await outbox.send(vote);
    const second = await outbox.send(vote);
    expect(chain.broadcast.map(({ nonce }) => nonce)).to.deep.equal([5, 6]);
    expect([first.hash, second.hash]).to.deep.equal(chain.broadcast.map(({ hash }) => hash));
    expect(chain.fees()).to.deep.equal([10, 10]);
  });

  it("tells once of each transaction that is mined, of what is given up and mined later too, and whether it failed", async () => {
    const told: TransactionTold[] = [];
    const outbox = chain.outbox({ onTransaction: (one) => told.push(one) });
    await failure(outbox.send(vote, { action: "vote" }));
    expect(told).to.deep.equal([]);
    chain.onLook = () => {
      chain.mine();
    };
    chain.mine();
    await outbox.send(other, { action: "advance" });
    chain.status = 0;
    await outbox.send(other, { action: "advance" });
    const [first, second, third] = chain.mined.keys();
    expect(told.map(({ action, hash, succeeded }) => ({ action, hash, succeeded }))).to.deep.equal([
      { action: "vote", hash: first, succeeded: true },
      { action: "advance", hash: second, succeeded: true },
      { action: "advance", hash: third, succeeded: false },
    ]);
    expect(told[0]).to.deep.include({ gasUsed: 21_000n, fee: 21_000n * GWEI });
    expect(told[0]?.milliseconds).to.be.within(0, 60_000);
  });

  it("replaces a transaction that is not mined, each time for 15 % more, then says that it was not mined", async () => {
    const error = await failure(chain.outbox().send(vote));
    expect(error.code).to.equal("not-mined");
    expect(chain.broadcast).to.have.length(7);
    expect(new Set(chain.broadcast.map(({ nonce }) => nonce))).to.deep.equal(new Set([5]));
    expect(chain.fees()[6]).to.be.closeTo(10 * 1.15 ** 6, 0.01);
  });

  for (const [what, call] of [
    ["the same call", vote],
    ["another call", other],
  ] as const) {
    it(`replaces what is stuck, from its fees upward, when ${what} is sent later`, async () => {
      const outbox = chain.outbox();
      await failure(outbox.send(vote));
      const stuck = chain.broadcast.at(-1);
      chain.onLook = () => {
        chain.mine();
      };
      await outbox.send(call);
      expect(chain.broadcast).to.have.length(8);
      const sent = chain.broadcast.at(-1);
      expect(sent).to.deep.include({ nonce: 5, data: call.data });
      expect(Number(sent?.maxFeePerGas) / Number(stuck?.maxFeePerGas)).to.be.closeTo(1.15, 0.001);
      expect(chain.nonce).to.equal(6);
    });
  }

  it("does not estimate again what an endpoint may count as done already", async () => {
    const outbox = chain.outbox();
    await failure(outbox.send(vote));
    await failure(outbox.send(vote));
    expect(chain.estimates).to.equal(1);
    await failure(outbox.send(other));
    expect(chain.estimates).to.equal(2);
    expect(chain.broadcast.at(-1)?.gasLimit).to.equal(321_000n);
  });

  it("counts a call as done that is mined late, in the form of an earlier attempt", async () => {
    const outbox = chain.outbox();
    await failure(outbox.send(vote));
    const stuck = chain.pool.get(5);
    chain.onBroadcast = () => {
      chain.mine();
      throw makeError("nonce has already been used", "NONCE_EXPIRED", { transaction: {} });
    };
    expect((await outbox.send(vote)).hash).to.equal(stuck?.hash);
  });

  it("sends a call with the next nonce when what was stuck is mined in its place", async () => {
    const outbox = chain.outbox();
    await failure(outbox.send(vote));
    chain.onBroadcast = (transaction) => {
      if (transaction.nonce > 5) return;
      chain.mine();
      throw makeError("nonce has already been used", "NONCE_EXPIRED", { transaction: {} });
    };
    chain.onLook = () => {
      chain.mine();
    };
    const receipt = await outbox.send(other);
    expect(chain.mined.get(receipt.hash)).to.deep.include({ nonce: 6, data: other.data });
  });

  it("goes up at once from what an earlier process left, which it knows nothing of", async () => {
    await failure(chain.outbox().send(vote));
    const left = Number(chain.pool.get(5)?.maxFeePerGas);
    const before = chain.broadcast.length;
    chain.onLook = () => {
      chain.mine();
    };
    const receipt = await chain.outbox().send(other);
    const sent = chain.broadcast.slice(before);
    expect(sent.length).to.be.greaterThan(1);
    expect(receipt.hash).to.equal(sent.at(-1)?.hash);
    expect(Number(sent.at(-1)?.maxFeePerGas)).to.be.within(1.1 * left, 1.3 * left);
  });

  it("says at once that a transaction of another process was mined with its nonce", async () => {
    const outbox = chain.outbox({ patienceMilliseconds: 60_000 });
    chain.onLook = () => {
      chain.nonce = 6;
    };
    const error = await failure(outbox.send(vote));
    expect(error.code).to.equal("replaced");
    expect(error.message).to.include("nonce 5");
    expect(error.remedy).to.include("one key, one node");
    expect(chain.broadcast).to.have.length(1);
  });

  it("starts afresh after it was replaced", async () => {
    const outbox = chain.outbox({ patienceMilliseconds: 60_000 });
    chain.onLook = () => {
      chain.nonce = 6;
    };
    await failure(outbox.send(vote));
    chain.onLook = () => {
      chain.mine();
    };
    await outbox.send(vote);
    expect(chain.broadcast.map(({ nonce }) => nonce)).to.deep.equal([5, 6]);
    expect(chain.fees()).to.deep.equal([10, 10]);
  });

  for (const [what, answer] of [
    ["already known", () => new Error('could not coalesce error (error={ "message": "already known" })')],
    ["already imported", () => new Error("Transaction with the same hash was already imported.")],
    ["nothing in time", unreachable],
  ] as const) {
    it(`finds the receipt of a transaction that was taken though the endpoint answered ${what}`, async () => {
      chain.onBroadcast = (transaction) => {
        chain.take(transaction);
        chain.mine();
        throw answer();
      };
      const receipt = await chain.outbox().send(vote);
      expect(chain.broadcast.map(({ hash }) => hash)).to.deep.equal([receipt.hash]);
    });
  }

  it("broadcasts the very same transaction again when it may not have arrived", async () => {
    chain.onBroadcast = (_, count) => {
      if (count < 3) throw unreachable();
    };
    chain.onLook = () => {
      chain.mine();
    };
    await chain.outbox().send(vote);
    expect(new Set(chain.broadcast.map(({ hash }) => hash)).size).to.equal(1);
    expect(chain.broadcast).to.have.length(3);
  });

  it("bears an endpoint that is gone for a moment while it waits", async () => {
    chain.onLook = (looks) => {
      if (looks < 3) throw unreachable();
      chain.mine();
    };
    const receipt = await chain.outbox({ patienceMilliseconds: 60_000 }).send(vote);
    expect(chain.broadcast.map(({ hash }) => hash)).to.deep.equal([receipt.hash]);
  });

  it("passes on a refusal of the endpoint's, and does not offer more the next time", async () => {
    const outbox = chain.outbox();
    chain.onBroadcast = () => {
      throw makeError("insufficient funds", "INSUFFICIENT_FUNDS", { transaction: {} });
    };
    const error: unknown = await outbox.send(vote).catch((reason: unknown) => reason);
    expect(error).to.include({ code: "INSUFFICIENT_FUNDS" });
    await outbox.send(vote).catch(() => undefined);
    expect(chain.fees()).to.deep.equal([10, 10]);
  });

  it("signs nothing where the network asks for more than the limit", async () => {
    chain.price = 612n * GWEI;
    const error = await failure(chain.outbox().send(vote));
    expect(error.code).to.equal("fee-too-high");
    expect(error.message).to.match(/612 gwei.*500 gwei/);
    expect(error.remedy).to.include("--max-fee");
    expect(chain.broadcast).to.deep.equal([]);
  });

  it("goes up to the limit and no further", async () => {
    const outbox = chain.outbox({ maxFeePerGas: 12n * GWEI });
    await failure(outbox.send(vote));
    await failure(outbox.send(vote));
    expect(Math.max(...chain.fees())).to.equal(12);
    expect(chain.broadcast.every(({ nonce }) => nonce === 5)).to.equal(true);
  });
});
