import { expect } from "chai";
import type { BaseContract } from "ethers";

import { Admission } from "./ledger-contract.ts";
import { signInvitation } from "./signatures.ts";
import {
  as,
  configOf,
  CONTACT,
  deploy,
  enrol,
  ethers,
  ID,
  loadFixture,
  NO_INVITATION,
  NO_LINK,
  passDeadline,
  person,
  snapshot,
  type World,
} from "./world.ts";

const INVITED = { admission: Admission.Invited };

/** Persons 0 and 1 have joined, with an invitation each. */
async function begun(): Promise<World> {
  const world = await enrol(0, INVITED);
  for (const index of [0, 1]) {
    const invitation = await signInvitation(world, world.coordinator, person(world, index).address);
    await as(world, index).join(ID, CONTACT, NO_LINK, invitation);
  }
  return world;
}

async function join(world: World, index: number, invitation: string) {
  return await as(world, index).join(ID, CONTACT, NO_LINK, invitation);
}

describe("a signed invitation", () => {
  it("lets its learner join until the start", async () => {
    const world = await begun();
    const { address } = person(world, 2);
    const invitation = await signInvitation(world, world.coordinator, address);
    await passDeadline(world);
    await expect(join(world, 2, invitation))
      .to.emit(world.ledger, "Joined")
      .withArgs(ID, address, 2, CONTACT);
  });

  it("stands beside the list on the ledger, and is not written to it", async () => {
    const world = await begun();
    await world.ledger.invite(ID, [person(world, 2).address]);
    await join(world, 2, NO_INVITATION);
    expect((await world.ledger.getLearner(ID, person(world, 2).address)).invited).to.be.true;
    const { member, invited } = await world.ledger.getLearner(ID, person(world, 0).address);
    expect([member, invited]).to.deep.equal([true, false]);
    expect((await snapshot(world, person(world, 0).address)).invited).to.be.false;
  });

  it("is not looked at where the learner is on the list, nor where admission is open", async () => {
    const world = await begun();
    await world.ledger.invite(ID, [person(world, 2).address]);
    await expect(join(world, 2, "0x1234")).to.emit(world.ledger, "Joined");
    const open = await enrol(0);
    await expect(join(open, 0, "0x1234")).to.emit(open.ledger, "Joined");
  });

  it("is worth nothing after the start, when the coordinator has no power any more", async () => {
    const world = await begun();
    const invitation = await signInvitation(world, world.coordinator, person(world, 2).address);
    await world.ledger.startExperiment(ID);
    await expect(join(world, 2, invitation))
      .to.be.revertedWithCustomError(world.ledger, "NotInvited")
      .withArgs(person(world, 2).address);
  });

  it("is for one learner of one experiment on one contract and chain, signed by its coordinator", async () => {
    const world = await begun();
    await world.ledger.connect(world.stranger).createExperiment(await configOf(INVITED));
    const { address } = person(world, 2);
    const { coordinator, stranger } = world;
    const others = [
      await signInvitation(world, coordinator, person(world, 3).address),
      await signInvitation(world, coordinator, address, 2n),
      await signInvitation(world, coordinator, address, ID, { verifyingContract: stranger.address }),
      await signInvitation(world, coordinator, address, ID, { chainId: 1 }),
      await signInvitation(world, stranger, address),
      await signInvitation(world, person(world, 2), address),
      "0x",
      "0x00",
      `0x${"00".repeat(65)}`,
    ];
    for (const invitation of others) {
      await expect(join(world, 2, invitation))
        .to.be.revertedWithCustomError(world.ledger, "NotInvited")
        .withArgs(address);
    }
  });

  it("does not let its learner join a second time", async () => {
    const world = await begun();
    const invitation = await signInvitation(world, world.coordinator, person(world, 0).address);
    await as(world, 0).leaveExperiment(ID);
    await expect(join(world, 0, invitation)).to.be.revertedWithCustomError(world.ledger, "AlreadyJoined");
  });
});

describe("an invitation by a coordinator that is a contract (ERC-1271)", () => {
  /** The coordinator is a contract, and only that. */
  async function coordinatedBy(name: string, ...args: unknown[]): Promise<World> {
    const world = await loadFixture(deploy);
    const wallet = (await ethers.deployContract(name, args)) as unknown as BaseContract & {
      send(target: string, call: string): Promise<unknown>;
    };
    const create = world.ledger.interface.encodeFunctionData("createExperiment", [await configOf(INVITED)]);
    await wallet.send(await world.ledger.getAddress(), create);
    const [coordinator] = await world.ledger.getExperiment(ID);
    expect(coordinator).to.equal(await wallet.getAddress());
    return world;
  }

  it("is what the contract takes", async () => {
    const [, , , , owner] = await ethers.getSigners();
    const world = await coordinatedBy("OwnedWallet", owner!.address);
    await expect(join(world, 0, await signInvitation(world, owner!, person(world, 0).address))).to.emit(
      world.ledger,
      "Joined",
    );
    await expect(
      join(world, 1, await signInvitation(world, world.stranger, person(world, 1).address)),
    ).to.be.revertedWithCustomError(world.ledger, "NotInvited");
  });

  it("is refused where the contract reverts, burns its gas or answers nonsense", async () => {
    for (const [name, ...args] of [
      ["RevertingWallet"],
      ["BurningWallet"],
      ["MumblingWallet"],
      ["TalkativeWallet", 0],
    ]) {
      const world = await coordinatedBy(String(name), ...args);
      await expect(join(world, 0, "0x1234")).to.be.revertedWithCustomError(world.ledger, "NotInvited");
    }
  });

  it("is needed: an empty one is none, even where the contract takes everything", async () => {
    const world = await coordinatedBy("TalkativeWallet", 32);
    await expect(join(world, 0, NO_INVITATION)).to.be.revertedWithCustomError(world.ledger, "NotInvited");
    await expect(join(world, 0, "0x00")).to.emit(world.ledger, "Joined");
  });
});
