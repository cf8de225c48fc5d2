import { expect } from "chai";

import { devAccount } from "../../src/ledger/dev-accounts.ts";
import { domainOf } from "../../src/ledger/signed-vote.ts";
import { CALLS_PER_ROUND } from "../../src/node/relay/budget.ts";
import { decodeAnswer, type Answer } from "../../src/node/relay/protocol.ts";
import { until } from "./support/colearn.ts";
import { proposal, RELAY, serveOnChain } from "./support/relay-service.ts";

const elsewhere = `0x${"c".repeat(40)}`;
/** A contract that takes every signature (ERC-1271), and one that takes none. */
const takesAll = "0x631626ba7e60e01b60005260206000f3";
const takesNone = "0x60006000fd";
const wallet = `0x${"d0".repeat(20)}`;

describe("a relay", function () {
  this.timeout(120_000);

  it("refuses what it should not send, says so in its log, and sends the rest in one transaction", async () => {
    await using relay = await serveOnChain();
    const { ledger, experiment, transactor, say, ask, lines, encode, call, vote } = relay;
    const { provider } = ledger;
    const other = domainOf(31_337n, elsewhere);
    const [signers, refusals] = [[0, 1, 2].map((account) => devAccount(account)), [] as string[]];
    const refused = (answer: Answer, code: string) => {
      expect(answer).to.include({ status: "refused", code });
      refusals.push(code);
    };
    const join = encode("join", [experiment, "", `0x${"0".repeat(64)}`, "0x"]);

    // Calls: three learners join by signature, and a contract, which takes any.
    for (const account of [0, 1, 2]) {
      expect(await ask(await call(account, join, 0n))).to.include({ status: "done" });
    }
    await provider.send("hardhat_setCode", [wallet, takesAll]);
    const deadline = BigInt(await ledger.now()) + 600n;
    expect(await ask({ kind: "call", learner: wallet, call: join, deadline, signature: "0x12" })).to.include({
      status: "done",
    });
    const contact = encode("updateContact", [experiment, "{}"]);
    const contactElsewhere = encode("updateContact", [experiment + 1n, "{}"]);
    refused(await ask(await call(1, join, 1n)), "AlreadyJoined");
    refused(await ask(await call(1, contact, 0n)), "signature");
    refused(await ask(await call(1, contact, 1n, other)), "signature");
    refused(await ask({ ...(await call(1, contact, 1n)), learner: signers[2]!.address }), "signature");
    refused(await ask(await call(1, contactElsewhere, 1n)), "other-experiment");
    refused(await ask(await call(1, encode("cancelExperiment", [experiment]), 1n)), "function");
    refused(await ask(await call(1, "0x12345678", 1n)), "function");
    refused(await ask({ kind: "open-call", call: contact }), "function");
    refused(await ask({ kind: "open-call", call: encode("advance", [experiment]) }), "WrongStatus");
    // Joining was the first call of this round.
    for (let nonce = 1n; nonce < CALLS_PER_ROUND; nonce++) {
      expect(await ask(await call(2, contact, nonce))).to.include({ status: "done" });
    }
    refused(await ask(await call(2, contact, BigInt(CALLS_PER_ROUND))), "allowance");

    await (await transactor(0)).start(experiment);
    refused(await ask(await vote(1)), "not-open");
    await (await transactor(0)).propose(experiment, 1, proposal);

    // Votes.
    refused(await ask(await vote(1, { experiment: experiment + 1n })), "other-experiment");
    refused(await ask(await vote(1, { round: 2 })), "not-open");
    refused(await ask(await vote(1, { proposal: `0x${"4".repeat(64)}` })), "other-proposal");
    refused(await ask(await vote(1, {}, other)), "signature");
    refused(await ask(await vote(1, {}, domainOf(1n, ledger.address))), "signature");
    refused(await ask(await vote(2, { voter: signers[1]!.address })), "signature");
    refused(await ask({ ...(await vote(1)), approve: false }), "signature");
    refused(await ask(await vote(0)), "not-voter");
    refused(await ask(await vote(3)), "not-voter");
    expect(await ask(await vote(1))).to.deep.equal({ status: "accepted" });
    expect(await ask(await vote(1)), "the same again").to.deep.equal({ status: "accepted" });
    refused(await ask(await vote(1, { score: 8n })), "voted-otherwise");
    const walletsVote = { ...(await vote(1)), voter: wallet, score: 9n, signature: "0x3456" };
    await provider.send("hardhat_setCode", [wallet, takesNone]);
    refused(await ask(walletsVote), "signature");
    await provider.send("hardhat_setCode", [wallet, takesAll]);
    expect(await ask(walletsVote)).to.deep.equal({ status: "accepted" });

    // What is no request at all.
    const garbage: Uint8Array[] = [
      new Uint8Array(0),
      Buffer.from("{"),
      Buffer.from([0xff, 0xfe]),
      Buffer.from("null"),
      Buffer.from(JSON.stringify({ kind: "vote", experiment: "1" })),
      Buffer.from(JSON.stringify({ kind: "call", learner: wallet, call: "0x1", deadline: "1", signature: "0x" })),
      Buffer.from(JSON.stringify({ kind: "open-call", call: `0x${"00".repeat(9_000)}` })),
    ];
    for (const bytes of garbage) refused(decodeAnswer(await say(bytes)), "relay-request");
    const failure = await say(new Uint8Array(70_000)).then(
      () => undefined,
      (error: unknown) => String(error),
    );
    expect(failure).to.match(/gave no answer/);

    // Nothing was lost: the last vote completes the batch.
    const sent = await provider.getTransactionCount(devAccount(RELAY).address);
    expect((await ledger.round(experiment, 1)).approvals).to.equal(0n);
    expect(await ask(await vote(2, { approve: false }))).to.deep.equal({ status: "accepted" });
    // The proposer, account 0, would be first, so the relay waits for its turn; but for one that cannot pay.
    await provider.send("hardhat_setBalance", [devAccount(0).address, "0x0"]);
    await until("round 1 is settled", async () => (await ledger.snapshot(experiment)).round === 2);
    const { outcome, approvals, rejections } = await ledger.round(experiment, 1);
    expect({ outcome, approvals, rejections }).to.deep.equal({
      outcome: "accepted",
      approvals: 0b1010n,
      rejections: 4n,
    });
    expect(await provider.getTransactionCount(devAccount(RELAY).address)).to.equal(sent + 1);
    expect((await ledger.votes(experiment)).map(({ score }) => score)).to.deep.equal([7e-6, 7e-6, 9e-6]);

    // A line for each reason in a minute, as one peer asked.
    const logged = lines.filter(({ msg }) => String(msg).startsWith("not relayed: ")).map(({ code }) => code);
    expect(logged).to.deep.equal([...new Set([...refusals, "too-large"])]);
  });
});
