import { expect } from "chai";
import { pino } from "pino";

import { devAccount } from "../../../../src/ledger/dev-accounts.ts";
import type { Ledger } from "../../../../src/ledger/ledger.ts";
import { domainOf, isSignedByKey, type SignedVote } from "../../../../src/ledger/signed-vote.ts";
import type { Transactor } from "../../../../src/ledger/transactor.ts";
import { castRelayed } from "../../../../src/node/relay/cast-relayed.ts";
import type { RelayClient } from "../../../../src/node/relay/client.ts";

const signer = devAccount(0);
const domain = domainOf(1n, `0x${"c".repeat(40)}`);
const vote = { proposal: { digest: `0x${"a".repeat(64)}`, codec: 0x55 }, approve: true, score: Number.NaN };
const never = new AbortController().signal;

/** A voter without chain and network: votes are on the ledger as soon as it sends one, or a relay does. */
function voterWith({ relayTakes = false, hasFunds = true, voteWindow = 0.2, stopping = never }) {
  const state = { approvals: 0n };
  const offered: SignedVote[] = [];
  const own: unknown[][] = [];
  const ledger = {
    address: domain.verifyingContract,
    snapshot: async () => ({ index: 2 }),
    domain: async () => domain,
    round: async () => ({ proposer: "A", approvals: state.approvals, rejections: 0n }),
    provider: { pollingInterval: 5, getBlockNumber: async () => 0 },
  };
  const transactor = {
    ledger: ledger as unknown as Ledger,
    address: signer.address,
    canPay: async () => hasFunds,
    vote: async (...args: unknown[]) => {
      own.push(args);
      state.approvals = 0b100n;
      return { hash: "own" };
    },
  };
  const relays = {
    offer: async (signed: SignedVote, _proposer: string, _signal: AbortSignal, onTaken: () => void) => {
      offered.push(signed);
      if (relayTakes) onTaken();
    },
  };
  const casting = castRelayed({
    transactor: transactor as unknown as Transactor,
    relays: relays as unknown as RelayClient,
    ...{ signer, experiment: 1n, voteWindow, log: pino({ level: "silent" }), stopping },
  });
  return { casting, offered, own };
}

describe("a vote that is relayed", () => {
  it("is signed by the voter, the same every time it is offered, and for this ballot", async () => {
    const [before, restarted] = [voterWith({}), voterWith({})];
    await before.casting.cast(3, vote, 0.2, never);
    await restarted.casting.cast(3, vote, 0.2, never);
    const [first, ...rest] = [...before.offered, ...restarted.offered];
    expect(first).to.include({ experiment: 1n, round: 3, proposal: vote.proposal.digest, score: -(2n ** 63n) });
    expect(first && isSignedByKey(domain, first)).to.be.true;
    for (const again of rest) expect(again).to.deep.equal(first);
  });

  it("is sent by the voter where a relay takes it and does not send it, once", async () => {
    const { casting, offered, own } = voterWith({ relayTakes: true });
    expect(await casting.cast(3, vote, 0.2, never)).to.equal("own");
    expect(own).to.deep.equal([[1n, 3, vote.proposal, true, vote.score]]);
    expect(offered.length, "it was offered again meanwhile").to.be.greaterThan(1);
  });

  it("is sent by the voter long before half of the window where nobody takes it", async () => {
    const { casting, own } = voterWith({ voteWindow: 2 });
    await casting.cast(3, vote, 2, never);
    expect(own).to.have.length(1);
  });

  it("is sent by the voter at once where less than half of the window is left", async () => {
    const { casting, offered, own } = voterWith({ voteWindow: 1_000, relayTakes: true });
    await casting.cast(3, vote, 400, never);
    expect([offered, own].map(({ length }) => length)).to.deep.equal([0, 1]);
  });

  it("is offered to the end by a voter without funds, who then says so", async () => {
    const { casting, offered, own } = voterWith({ hasFunds: false });
    const failure = await casting.cast(3, vote, 0.2, never).catch((error: unknown) => String(error));
    expect(failure).to.match(/nobody sent the vote of round 3 in time, and this key has no funds/);
    expect(offered.length).to.be.greaterThan(3);
    expect(own).to.deep.equal([]);
  });

  it("is given up when the round goes on without it", async () => {
    const overtaken = new AbortController();
    const { casting, own } = voterWith({ relayTakes: true, voteWindow: 1_000 });
    const casts = casting.cast(3, vote, 1_000, overtaken.signal).catch((error: unknown) => error);
    overtaken.abort();
    expect(await casts).to.have.property("name", "AbortError");
    expect(own).to.deep.equal([]);
  });
});
