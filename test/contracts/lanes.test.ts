import { expect } from "chai";

import { Outcome } from "./ledger-contract.ts";
import { crowd, ethers, ID, loadFixture, NO_LINK, passDeadline, proposalOf } from "./world.ts";

/** The first learner with a place in the last of the four lanes has index 192. */
const LEARNERS = 256;

/** A full experiment, started: the votes of a round lie in four storage slots. */
async function full() {
  return await crowd(LEARNERS);
}

const ALL = 2n ** 256n - 1n;

describe("a round of 256 learners", () => {
  it("settles only when the voters of all four lanes have voted", async () => {
    const { ledger, ledgers } = await loadFixture(full);
    await ledgers[0]!.propose(ID, 1, proposalOf(1), NO_LINK);
    const { digest } = proposalOf(1);
    // Backwards, so that lane 0 is the last to be complete.
    for (let index = LEARNERS - 1; index >= 2; index -= 1) await ledgers[index]!.vote(ID, 1, digest, index < 130, 0);
    let round = await ledger.getRound(ID, 1);
    expect(round.outcome).to.equal(Outcome.Open);
    expect(round.voters).to.equal(ALL - 1n);
    expect(round.approvals).to.equal(2n ** 130n - 4n);
    expect(round.rejections).to.equal(ALL - (2n ** 130n - 1n));

    // 129 of 255 approve: a majority by one.
    await expect(ledgers[1]!.vote(ID, 1, digest, true, 0))
      .to.emit(ledger, "RoundSettled")
      .withArgs(ID, 1, Outcome.Accepted, 129, 126, 255);
    round = await ledger.getRound(ID, 1);
    expect(round.outcome).to.equal(Outcome.Accepted);
    expect(round.approvals | round.rejections).to.equal(ALL - 1n);
  });

  it("refuses late votes in every lane after it is settled", async () => {
    const world = await loadFixture(full);
    const { ledger, ledgers } = world;
    await ledgers[0]!.propose(ID, 1, proposalOf(1), NO_LINK);
    await passDeadline(world);
    await ledger.advance(ID);
    for (const index of [1, 64, 128, 192, 255]) {
      await expect(ledgers[index]!.vote(ID, 1, proposalOf(1).digest, true, 0))
        .to.be.revertedWithCustomError(ledger, "RoundClosed")
        .withArgs(1);
    }
  });

  it("suspends 253 absent voters in one transaction that a block has room for", async () => {
    const world = await loadFixture(full);
    const { ledger, ledgers } = world;
    await ledgers[0]!.propose(ID, 1, proposalOf(1), NO_LINK);
    await passDeadline(world);
    await ledger.advance(ID);
    await passDeadline(world);
    await ledger.advance(ID);
    await ledgers[2]!.propose(ID, 3, proposalOf(3), NO_LINK);
    await passDeadline(world);
    const receipt = await (await ledger.advance(ID)).wait();
    const seen = await ledger.snapshot(ID, ethers.ZeroAddress);
    // Learner 0 was absent once, learner 2 proposed, learner 1 was suspended for its own round.
    expect(seen.active).to.equal(5n);
    expect(receipt?.logs.length).to.equal(253 + 2);
    expect(receipt?.gasUsed).to.be.lessThan(3_000_000n);
  });
});
