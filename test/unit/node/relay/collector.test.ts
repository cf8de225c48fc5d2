import { expect } from "chai";
import { Wallet } from "ethers";
import { pino } from "pino";

import { devAccount } from "../../../../src/ledger/dev-accounts.ts";
import { domainOf, signVote, type VoteMessage } from "../../../../src/ledger/signed-vote.ts";
import type { Transactor } from "../../../../src/ledger/transactor.ts";
import { Collector } from "../../../../src/node/relay/collector.ts";

const domain = domainOf(1n, `0x${"c".repeat(40)}`);
const proposal = { digest: `0x${"a".repeat(64)}`, codec: 0x55 };
const learner = devAccount(1);

/** A relay on a ledger whose round 2 is open, or opens later, and that counts how often it is read. */
function relayOf(phase: "vote" | "propose") {
  const state = { phase, reads: 0 };
  const read =
    <T>(value: () => T) =>
    async () => {
      state.reads++;
      return value();
    };
  const ledger = {
    domain: async () => domain,
    snapshot: read(() => ({
      ...{ status: "running", phase: state.phase, round: 2, proposer: "A", learnerCount: 2, deadline: 1_000 },
      ...{ voters: 0b10n, approvals: 0n, rejections: 0n },
      proposal: state.phase === "vote" ? proposal : undefined,
    })),
    learners: read(() => ["A", learner.address]),
    now: read(() => 1),
    provider: { pollingInterval: 5, getCode: read(() => "0x") },
  };
  const transactor = { ledger, address: "B", canPay: read(() => true) };
  const collector = new Collector({
    experiment: 1n,
    transactor: transactor as unknown as Transactor,
    config: { ballot: "open", voteWindow: 900, approvalBps: 5_000, earlyDecision: false },
    forAll: true,
    log: pino({ level: "silent" }),
  });
  return { state, collector };
}

async function voteOf(signer: Pick<Wallet, "address" | "signTypedData">, changed: Partial<VoteMessage> = {}) {
  const ballot = { experiment: 1n, round: 2, proposal: proposal.digest, voter: signer.address };
  return signVote(signer as Wallet, domain, { ...ballot, approve: true, score: 0n, ...changed });
}

describe("a relay that is asked for nonsense", () => {
  it("looks at the ledger once in a while, however many strangers sign votes and old votes come again", async () => {
    const { state, collector } = relayOf("vote");
    const codes = new Set<string>();
    const nonsense = [
      await voteOf(Wallet.createRandom()),
      await voteOf(learner, { experiment: 2n }),
      await voteOf(learner, { round: 1 }),
      await voteOf(learner, { proposal: `0x${"b".repeat(64)}` }),
    ];
    for (let times = 0; times < 5; times++) {
      for (const vote of nonsense) {
        const answer = await collector.take(vote);
        if (answer.status === "refused") codes.add(answer.code);
      }
    }
    expect([...codes]).to.deep.equal(["not-voter", "other-experiment", "not-open", "other-proposal"]);
    // The state, and the learners; on a slow machine again.
    expect(state.reads).to.be.within(2, 6);
  });

  it("looks again at once where a learner signed for a round that may have opened just now", async () => {
    const { state, collector } = relayOf("propose");
    const early = await collector.take(await voteOf(Wallet.createRandom(), { round: 2 }));
    expect(early).to.include({ code: "not-open" });
    state.phase = "vote";
    expect(await collector.take(await voteOf(learner))).to.deep.equal({ status: "accepted" });
    state.phase = "propose";
    await collector.stop();
  });
});
