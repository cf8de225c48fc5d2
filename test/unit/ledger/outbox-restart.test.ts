import { expect } from "chai";

import { ColearnError } from "../../../src/errors.ts";
import type { TransactionLog } from "../../../src/ledger/transaction-log.ts";
import { Journal } from "../../../src/node/journal.ts";
import { failure, FakeChain, other, vote } from "./fake-chain.ts";

describe("an outbox that is started anew", () => {
  let chain: FakeChain;
  let journal: Journal;
  let log: TransactionLog;

  beforeEach(() => {
    chain = new FakeChain();
    journal = new Journal(":memory:", { chain: "31337:0x", contract: "0xC", experiment: 1n, learner: "0xL" });
    log = journal.transactions;
  });

  afterEach(() => journal.close());

  const outbox = () => chain.outbox({ transactionLog: log });

  it("has written down what it signs before anybody has it", async () => {
    const written: string[][] = [];
    chain.onBroadcast = () => written.push(log.open().map(({ hash }) => hash));
    chain.onLook = () => chain.mine();
    const { hash } = await outbox().send(vote, { action: "vote" });
    expect(written).to.deep.equal([[hash]]);
    expect(log.open()).to.deep.equal([]);
  });

  it("takes what was mined while nobody looked for its own, and sends nothing", async () => {
    await failure(outbox().send(vote, { action: "vote" }));
    const sent = chain.broadcast.length;
    chain.mine();
    const receipt = await outbox().send(vote);
    expect(chain.broadcast.map(({ hash }) => hash)).to.include(receipt.hash);
    expect(chain.broadcast.length).to.equal(sent);
    expect(log.open()).to.deep.equal([]);
  });

  it("replaces what is stuck, whatever it sends, with the same nonce and a higher fee", async () => {
    await failure(outbox().send(vote));
    const most = Math.max(...chain.fees());
    const sent = chain.broadcast.length;
    chain.onLook = () => chain.mine();
    const { hash } = await outbox().send(other);
    const replacement = chain.broadcast[sent];
    expect(replacement).to.include({ nonce: 5, hash, data: other.data });
    expect(chain.fees()[sent]).to.be.at.least(most * 1.1);
    expect(log.open()).to.deep.equal([]);
  });

  it("sends what was written down and never sent", async () => {
    chain.onBroadcast = () => {
      throw new Error("killed");
    };
    await outbox()
      .send(vote)
      .catch(() => undefined);
    expect(log.open().length).to.equal(1);
    chain.onBroadcast = () => undefined;
    chain.onLook = () => chain.mine();
    const { hash } = await outbox().send(vote);
    expect(chain.mined.size).to.equal(1);
    expect([...chain.mined.keys()]).to.deep.equal([hash]);
    expect(log.open()).to.deep.equal([]);
  });

  it("sends nothing that cannot be written down", async () => {
    log = {
      open: () => [],
      record() {
        throw new ColearnError("journal-disk", "the disk is full");
      },
      close: () => undefined,
    };
    expect((await failure(outbox().send(vote))).code).to.equal("journal-disk");
    expect(chain.broadcast).to.deep.equal([]);
  });
});
