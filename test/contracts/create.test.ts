import { expect } from "chai";

import { Admission, Ballot, RAW, Selection, Status, type Config } from "./ledger-contract.ts";
import { configOf, DAY, deploy, ID, INITIAL, loadFixture, snapshot, time, weights, ethers } from "./world.ts";

describe("createExperiment", () => {
  it("numbers experiments from 1 and announces them with their config", async () => {
    const { ledger, coordinator } = await loadFixture(deploy);
    await expect(ledger.createExperiment(await configOf()))
      .to.emit(ledger, "ExperimentCreated")
      .withArgs(1n, coordinator.address, (config: Config) => config.manifest.digest === ethers.id("manifest"));
    await expect(ledger.createExperiment(await configOf())).to.emit(ledger, "ExperimentCreated");
    expect(await ledger.experimentCount()).to.equal(2n);
  });

  it("keeps the coordinator, the block and every field of the config", async () => {
    const { ledger, coordinator, stranger } = await loadFixture(deploy);
    const config = await configOf({
      admission: Admission.Invited,
      selection: Selection.Random,
      ballot: Ballot.Sealed,
      revealWindow: DAY,
      stakes: "0xdAC17F958D2ee523a2206206994597C13D831ec7",
      earlyDecision: true,
      maxLearners: 200,
      approvalBps: 4999,
    });
    const sent = await ledger.connect(stranger).createExperiment(config);
    const [creator, createdBlock, kept] = await ledger.getExperiment(ID);
    expect(createdBlock).to.equal(BigInt((await sent.wait())?.blockNumber ?? 0));
    expect(creator).to.equal(stranger.address).and.not.equal(coordinator.address);
    for (const field of Object.keys(config) as (keyof Config)[]) {
      if (field === "manifest" || field === "weights") {
        expect(kept[field].digest, field).to.equal(config[field].digest);
        expect(kept[field].codec, field).to.equal(BigInt(config[field].codec));
      } else {
        const value = config[field];
        expect(kept[field], field).to.equal(typeof value === "number" ? BigInt(value) : value);
      }
    }
  });

  it("begins with the enrolment and the initial weights", async () => {
    const world = await loadFixture(deploy);
    const config = await configOf();
    await world.ledger.createExperiment(config);
    const seen = await snapshot(world);
    expect(seen.status).to.equal(Status.Enrolling);
    expect(seen.deadline).to.equal(BigInt(config.enrolmentDeadline));
    expect(seen.weights.digest).to.equal(INITIAL.digest);
    expect(seen.weightsRound).to.equal(0n);
    expect(seen.round).to.equal(0n);
  });

  const MONTH = 30 * DAY;
  const wrong: [field: string, changes: Partial<Config>, value: bigint][] = [
    ["manifest.digest", { manifest: { digest: ethers.ZeroHash, codec: RAW } }, 0n],
    ["manifest.codec", { manifest: { digest: ethers.id("m"), codec: 0x71 } }, 0x71n],
    ["weights.digest", { weights: { digest: ethers.ZeroHash, codec: RAW } }, 0n],
    ["weights.codec", { weights: weights("w", 0) }, 0n],
    ["rounds", { rounds: 0 }, 0n],
    ["minLearners", { minLearners: 1 }, 1n],
    ["minLearners", { minLearners: 6, maxLearners: 5 }, 6n],
    ["maxLearners", { maxLearners: 1 }, 1n],
    ["maxLearners", { maxLearners: 257 }, 257n],
    ["approvalBps", { approvalBps: 10_000 }, 10_000n],
    ["proposeWindow", { proposeWindow: 0 }, 0n],
    ["proposeWindow", { proposeWindow: MONTH + 1 }, BigInt(MONTH + 1)],
    ["voteWindow", { voteWindow: 0 }, 0n],
    ["voteWindow", { voteWindow: MONTH + 1 }, BigInt(MONTH + 1)],
    ["revealWindow", { ballot: Ballot.Sealed, revealWindow: 0 }, 0n],
    ["revealWindow", { ballot: Ballot.Sealed, revealWindow: MONTH + 1 }, BigInt(MONTH + 1)],
    ["revealWindow", { ballot: Ballot.Open, revealWindow: 1 }, 1n],
    ["pauseLimit", { pauseLimit: 0 }, 0n],
    ["pauseLimit", { pauseLimit: 365 * DAY + 1 }, BigInt(365 * DAY + 1)],
  ];
  for (const [field, changes, value] of wrong) {
    it(`refuses ${field} = ${value}, naming both`, async () => {
      const { ledger } = await loadFixture(deploy);
      await expect(ledger.createExperiment(await configOf(changes)))
        .to.be.revertedWithCustomError(ledger, "InvalidConfig")
        .withArgs(field, value);
    });
  }

  it("refuses an enrolment deadline that is not ahead, or further than a year", async () => {
    const { ledger } = await loadFixture(deploy);
    const now = await time.latest();
    for (const enrolmentDeadline of [now + 100, now + 101 + 365 * DAY]) {
      const config = await configOf({ enrolmentDeadline });
      await time.setNextBlockTimestamp(now + 100);
      await expect(ledger.createExperiment.staticCall(config, { blockTag: "pending" }))
        .to.be.revertedWithCustomError(ledger, "InvalidConfig")
        .withArgs("enrolmentDeadline", enrolmentDeadline);
    }
  });

  it("accepts every bound", async () => {
    const { ledger } = await loadFixture(deploy);
    const low = {
      rounds: 1,
      minLearners: 2,
      maxLearners: 2,
      approvalBps: 0,
      proposeWindow: 1,
      voteWindow: 1,
      pauseLimit: 1,
    };
    const high = {
      minLearners: 256,
      approvalBps: 9999,
      proposeWindow: MONTH,
      voteWindow: MONTH,
      pauseLimit: 365 * DAY,
    };
    await ledger.createExperiment(await configOf(low));
    await ledger.createExperiment(await configOf({ rounds: 2 ** 32 - 1, maxLearners: 256, ...high }));
    for (const revealWindow of [1, MONTH]) {
      await ledger.createExperiment(await configOf({ ballot: Ballot.Sealed, revealWindow }));
    }
    expect(await ledger.experimentCount()).to.equal(4n);
  });

  it("refuses a choice that there is not", async () => {
    const { ledger, coordinator } = await loadFixture(deploy);
    const to = await ledger.getAddress();
    const right = ledger.interface.encodeFunctionData("createExperiment", [await configOf()]);
    // The selector and the words before: manifest, weights and eight numbers take twelve.
    const choices = ["admission", "selection", "ballot", "earlyDecision"];
    for (const [place, choice] of choices.entries()) {
      const at = 4 + 32 * (12 + place);
      const word = ethers.dataSlice(right, at, at + 32);
      expect(word, choice).to.equal(ethers.ZeroHash);
      const data = ethers.concat([
        ethers.dataSlice(right, 0, at),
        ethers.toBeHex(2, 32),
        ethers.dataSlice(right, at + 32),
      ]);
      await expect(coordinator.sendTransaction({ to, data }), choice).to.be.revertedWithoutReason(ethers);
    }
    await coordinator.sendTransaction({ to, data: right });
    expect(await ledger.experimentCount()).to.equal(1n);
  });
});
