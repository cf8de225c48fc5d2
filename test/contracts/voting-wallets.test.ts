import { expect } from "chai";

import { Outcome, Phase } from "./ledger-contract.ts";
import { castBy, sendBatch, signVote } from "./signatures.ts";
import { castByWallet, withWallet } from "./wallet-world.ts";
import { ethers, ID, person, SCORE, setOf, snapshot } from "./world.ts";

const MEGABYTE = 2 ** 20;

describe("a voter that is a contract (ERC-1271)", () => {
  it("votes by what its owner signed, beside others", async () => {
    const [, , , , , , , owner] = await ethers.getSigners();
    const world = await withWallet("OwnedWallet", owner!.address);
    const [, , , wallet] = await world.ledger.getLearners(ID);
    const signature = await signVote(world, owner!, true, { voter: wallet! });
    const sent = sendBatch(world, [castByWallet(1), await castBy(world, 1, true), await castBy(world, 2, false)], {
      contractSignatures: ["0x", signature],
    });
    await expect(sent)
      .to.emit(world.ledger, "VotesCast")
      .withArgs(
        ID,
        1,
        0b101n,
        [person(world, 1).address, person(world, 2).address, wallet],
        [BigInt(SCORE), BigInt(SCORE), BigInt(SCORE)],
      );
    expect((await world.ledger.getRound(ID, 1)).outcome).to.equal(Outcome.Accepted);
  });

  it("is left out with a signature of somebody else, of another vote, by a key, or that is not there", async () => {
    const [, , , , , , , owner] = await ethers.getSigners();
    const world = await withWallet("OwnedWallet", owner!.address);
    const [, , , wallet] = await world.ledger.getLearners(ID);
    const right = await signVote(world, owner!, true, { voter: wallet! });
    const others = [
      await signVote(world, world.stranger, true, { voter: wallet! }),
      await signVote(world, owner!, true, { voter: person(world, 1).address }),
      await signVote(world, owner!, false, { voter: wallet! }),
    ];
    for (const contractSignatures of [[others[0]!], [others[1]!], [others[2]!], [], ["0x", right]]) {
      await expect(sendBatch(world, [castByWallet(0)], { contractSignatures })).to.be.revertedWithCustomError(
        world.ledger,
        "NoVoteCounts",
      );
    }
    const { r, yParityAndS } = ethers.Signature.from(right);
    const byKey = { ...castByWallet(0), signed: { score: SCORE, r, vs: yParityAndS } };
    await expect(sendBatch(world, [byKey])).to.be.revertedWithCustomError(world.ledger, "NoVoteCounts");
    const far = { ...castByWallet(0), signed: { score: SCORE, r: `0x${"ff".repeat(32)}`, vs: ethers.ZeroHash } };
    await expect(sendBatch(world, [far], { contractSignatures: [right] })).to.be.revertedWithCustomError(
      world.ledger,
      "NoVoteCounts",
    );
  });

  it("may be as talkative as its gas allows: the answer is not copied", async () => {
    const world = await withWallet("TalkativeWallet", MEGABYTE / 8);
    await sendBatch(world, [castByWallet(0)], { contractSignatures: ["0x"] });
    expect((await snapshot(world)).approvals).to.equal(setOf(3));
  });

  const failing: [what: string, name: string, ...args: unknown[]][] = [
    ["reverts", "RevertingWallet"],
    ["burns all gas", "BurningWallet"],
    ["returns a megabyte", "TalkativeWallet", MEGABYTE],
    ["returns another word", "MumblingWallet"],
    ["returns 31 bytes", "TalkativeWallet", 31],
    ["returns nothing", "TalkativeWallet", 0],
  ];
  for (const [what, name, ...args] of failing) {
    it(`blocks only itself where it ${what}`, async () => {
      const world = await withWallet(name, ...args);
      const alone = sendBatch(world, [castByWallet(0)], { contractSignatures: ["0x"] });
      await expect(alone).to.be.revertedWithCustomError(world.ledger, "NoVoteCounts").withArgs(1, setOf(3));
      const casts = [castByWallet(0), await castBy(world, 1, true), await castBy(world, 2, true)];
      const sent = await sendBatch(world, casts, { contractSignatures: ["0x"] });
      expect((await sent.wait())?.gasUsed).to.be.lessThan(800_000n);
      const seen = await snapshot(world);
      expect([seen.phase, seen.approvals, seen.rejections]).to.deep.equal([Phase.Vote, setOf(1, 2), 0n]);
    });
  }

  it("is not an account without code, which answers every call with success", async () => {
    const world = await withWallet("RevertingWallet");
    const cast = { ...castByWallet(0), index: 1 };
    await expect(sendBatch(world, [cast], { contractSignatures: ["0x"] })).to.be.revertedWithCustomError(
      world.ledger,
      "NoVoteCounts",
    );
  });
});
