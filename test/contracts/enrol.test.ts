import { expect } from "chai";

import { Admission, Status } from "./ledger-contract.ts";
import {
  as,
  configOf,
  CONTACT,
  deploy,
  enrol,
  ID,
  loadFixture,
  passDeadline,
  person,
  play,
  propose,
  run,
  setOf,
  snapshot,
  type World,
  NO_INVITATION,
  NO_LINK,
} from "./world.ts";

const INVITED = { admission: Admission.Invited };

async function cancelled(): Promise<World> {
  const world = await enrol(3);
  await world.ledger.cancelExperiment(ID);
  return world;
}

describe("invite", () => {
  it("lets the coordinator invite several learners at once", async () => {
    const world = await enrol(0, INVITED);
    const invited = [person(world, 0).address, person(world, 1).address];
    const sent = world.ledger.invite(ID, invited);
    for (const address of invited) await expect(sent).to.emit(world.ledger, "Invited").withArgs(ID, address);
    expect((await snapshot(world, invited[1])).invited).to.be.true;
    expect((await snapshot(world, world.stranger.address)).invited).to.be.false;
  });

  it("is for the coordinator only", async () => {
    const world = await enrol(0, INVITED);
    await expect(world.ledger.connect(world.stranger).invite(ID, [world.stranger.address]))
      .to.be.revertedWithCustomError(world.ledger, "NotCoordinator")
      .withArgs(world.stranger.address, world.coordinator.address);
  });

  it("is refused where admission is open", async () => {
    const world = await enrol(0);
    await expect(world.ledger.invite(ID, [world.stranger.address]))
      .to.be.revertedWithCustomError(world.ledger, "AdmissionOpen")
      .withArgs(ID);
  });

  it("is refused after the start", async () => {
    const world = await enrol(0, INVITED);
    await world.ledger.invite(ID, [person(world, 0).address, person(world, 1).address]);
    await as(world, 0).join(ID, CONTACT, NO_LINK, NO_INVITATION);
    await as(world, 1).join(ID, CONTACT, NO_LINK, NO_INVITATION);
    await world.ledger.startExperiment(ID);
    await expect(world.ledger.invite(ID, [world.stranger.address]))
      .to.be.revertedWithCustomError(world.ledger, "WrongStatus")
      .withArgs(ID, Status.Running);
  });
});

describe("join", () => {
  it("gives indexes in the order of joining and makes learners active", async () => {
    const world = await enrol(2);
    await expect(as(world, 2).join(ID, CONTACT, NO_LINK, NO_INVITATION))
      .to.emit(world.ledger, "Joined")
      .withArgs(ID, person(world, 2).address, 2, CONTACT);
    const learners = await world.ledger.getLearners(ID);
    expect([...learners]).to.deep.equal(world.people.slice(0, 3).map((one) => one.address));
    const seen = await snapshot(world, person(world, 2).address);
    expect(seen.active).to.equal(setOf(0, 1, 2));
    expect(seen.learnerCount).to.equal(3n);
    expect(seen.member).to.be.true;
    expect(seen.index).to.equal(2n);
  });

  it("is refused a second time, also after leaving", async () => {
    const world = await enrol(2);
    await as(world, 0).leaveExperiment(ID);
    for (const index of [0, 1]) {
      await expect(as(world, index).join(ID, CONTACT, NO_LINK, NO_INVITATION))
        .to.be.revertedWithCustomError(world.ledger, "AlreadyJoined")
        .withArgs(person(world, index).address);
    }
  });

  it("is refused without an invitation where one is needed", async () => {
    const world = await enrol(0, INVITED);
    await expect(as(world, 0).join(ID, CONTACT, NO_LINK, NO_INVITATION))
      .to.be.revertedWithCustomError(world.ledger, "NotInvited")
      .withArgs(person(world, 0).address);
  });

  it("is refused when all places are taken", async () => {
    const world = await enrol(3, { maxLearners: 3 });
    await expect(as(world, 3).join(ID, CONTACT, NO_LINK, NO_INVITATION))
      .to.be.revertedWithCustomError(world.ledger, "ExperimentFull")
      .withArgs(3);
  });

  it("takes a contact of 1024 bytes, not of 1025", async () => {
    const world = await enrol(0);
    await as(world, 0).join(ID, "é".repeat(512), NO_LINK, NO_INVITATION);
    await expect(as(world, 1).join(ID, `${"é".repeat(512)}x`, NO_LINK, NO_INVITATION))
      .to.be.revertedWithCustomError(world.ledger, "ContactTooLong")
      .withArgs(1025, 1024);
  });

  it("is possible during the run, without a vote in the open round", async () => {
    const world = await run(3);
    await as(world, 3).join(ID, CONTACT, NO_LINK, NO_INVITATION);
    expect((await snapshot(world)).voters).to.equal(setOf(1, 2));
    await play(world, 0, 1, { 1: true, 2: true });
    expect((await snapshot(world)).voters).to.equal(setOf(0, 2, 3));
  });

  it("opens the next round of a paused experiment that now has two", async () => {
    const world = await run(2);
    await as(world, 1).leaveExperiment(ID);
    await passDeadline(world);
    await world.ledger.advance(ID);
    expect((await snapshot(world)).status).to.equal(Status.Paused);
    await expect(as(world, 2).join(ID, CONTACT, NO_LINK, NO_INVITATION)).to.emit(world.ledger, "RoundOpened");
    const seen = await snapshot(world);
    expect(seen.status).to.equal(Status.Running);
    expect(seen.round).to.equal(2n);
    expect(seen.proposer).to.equal(person(world, 2).address);
    expect(seen.voters).to.equal(setOf(0));
  });

  it("is refused in a final status and for an unknown experiment", async () => {
    const world = await cancelled();
    await expect(as(world, 4).join(ID, CONTACT, NO_LINK, NO_INVITATION))
      .to.be.revertedWithCustomError(world.ledger, "WrongStatus")
      .withArgs(ID, Status.Cancelled);
    await expect(as(world, 4).join(7n, CONTACT, NO_LINK, NO_INVITATION))
      .to.be.revertedWithCustomError(world.ledger, "UnknownExperiment")
      .withArgs(7n);
  });
});

describe("updateContact", () => {
  it("announces where a learner is now", async () => {
    const world = await enrol(1);
    await expect(as(world, 0).updateContact(ID, "elsewhere"))
      .to.emit(world.ledger, "ContactUpdated")
      .withArgs(ID, person(world, 0).address, "elsewhere");
  });

  it("is refused to who never joined, and with too long a contact", async () => {
    const world = await enrol(1);
    await expect(as(world, 1).updateContact(ID, CONTACT))
      .to.be.revertedWithCustomError(world.ledger, "NotLearner")
      .withArgs(person(world, 1).address);
    await expect(as(world, 0).updateContact(ID, "x".repeat(1025))).to.be.revertedWithCustomError(
      world.ledger,
      "ContactTooLong",
    );
  });
});

describe("leave and resume", () => {
  it("takes a learner out and in again during the enrolment", async () => {
    const world = await enrol(3);
    await expect(as(world, 1).leaveExperiment(ID)).to.emit(world.ledger, "Left").withArgs(ID, person(world, 1).address);
    expect((await snapshot(world)).active).to.equal(setOf(0, 2));
    await expect(as(world, 1).resume(ID)).to.emit(world.ledger, "Resumed").withArgs(ID, person(world, 1).address);
    expect((await snapshot(world)).active).to.equal(setOf(0, 1, 2));
  });

  it("takes effect with the next round: a duty of the open round stays a duty", async () => {
    const world = await run(4);
    await as(world, 2).leaveExperiment(ID);
    expect((await snapshot(world)).voters).to.equal(setOf(1, 2, 3));
    await play(world, 0, 1, { 1: true, 2: true, 3: true });
    const seen = await snapshot(world);
    expect(seen.proposer).to.equal(person(world, 1).address);
    expect(seen.voters).to.equal(setOf(0, 3));
    await as(world, 2).resume(ID);
    expect((await snapshot(world)).voters).to.equal(setOf(0, 3));
  });

  it("keeps a proposer that left able to propose in its round", async () => {
    const world = await run(3);
    await as(world, 0).leaveExperiment(ID);
    await expect(propose(world, 0, 1)).to.emit(world.ledger, "Proposed");
  });

  it("refuses to leave twice, to resume while active, and both to who never joined", async () => {
    const world = await enrol(2);
    await as(world, 0).leaveExperiment(ID);
    await expect(as(world, 0).leaveExperiment(ID))
      .to.be.revertedWithCustomError(world.ledger, "NotActive")
      .withArgs(person(world, 0).address);
    await expect(as(world, 1).resume(ID))
      .to.be.revertedWithCustomError(world.ledger, "AlreadyActive")
      .withArgs(person(world, 1).address);
    await expect(as(world, 2).leaveExperiment(ID)).to.be.revertedWithCustomError(world.ledger, "NotLearner");
    await expect(as(world, 2).resume(ID)).to.be.revertedWithCustomError(world.ledger, "NotLearner");
  });

  it("is refused in a final status", async () => {
    const world = await cancelled();
    await expect(as(world, 0).leaveExperiment(ID)).to.be.revertedWithCustomError(world.ledger, "WrongStatus");
    await expect(as(world, 0).resume(ID)).to.be.revertedWithCustomError(world.ledger, "WrongStatus");
  });
});

describe("start", () => {
  it("opens round 1 with the lowest active index as proposer", async () => {
    const world = await enrol(4);
    await as(world, 0).leaveExperiment(ID);
    const sent = world.ledger.startExperiment(ID);
    await expect(sent).to.emit(world.ledger, "Started").withArgs(ID, 3);
    await expect(sent)
      .to.emit(world.ledger, "RoundOpened")
      .withArgs(ID, 1, person(world, 1).address, setOf(2, 3), (deadline: bigint) => deadline > 0n);
    const seen = await snapshot(world);
    expect(seen.status).to.equal(Status.Running);
    expect(seen.round).to.equal(1n);
    expect(seen.deadline - seen.timestamp).to.equal(3600n);
  });

  it("is for the coordinator until the deadline, for anyone after it", async () => {
    const world = await enrol(2);
    await expect(world.ledger.connect(world.stranger).startExperiment(ID))
      .to.be.revertedWithCustomError(world.ledger, "NotCoordinator")
      .withArgs(world.stranger.address, world.coordinator.address);
    await passDeadline(world);
    await world.ledger.connect(world.stranger).startExperiment(ID);
    expect((await snapshot(world)).status).to.equal(Status.Running);
  });

  it("is refused with too few active learners, also to the coordinator and after the deadline", async () => {
    const world = await enrol(3, { minLearners: 3 });
    await as(world, 2).leaveExperiment(ID);
    for (const wait of [false, true]) {
      if (wait) await passDeadline(world);
      await expect(world.ledger.startExperiment(ID))
        .to.be.revertedWithCustomError(world.ledger, "TooFewLearners")
        .withArgs(2, 3);
    }
  });

  it("is refused a second time and for an unknown experiment", async () => {
    const world = await run(2);
    await expect(world.ledger.startExperiment(ID))
      .to.be.revertedWithCustomError(world.ledger, "WrongStatus")
      .withArgs(ID, Status.Running);
    await expect(world.ledger.startExperiment(0n)).to.be.revertedWithCustomError(world.ledger, "UnknownExperiment");
  });
});

describe("cancel", () => {
  it("is the coordinator's at any time before the start, and final", async () => {
    const world = await enrol(3);
    await expect(world.ledger.cancelExperiment(ID)).to.emit(world.ledger, "Cancelled").withArgs(ID);
    const seen = await snapshot(world);
    expect(seen.status).to.equal(Status.Cancelled);
    expect(seen.deadline).to.equal(0n);
    await expect(world.ledger.startExperiment(ID)).to.be.revertedWithCustomError(world.ledger, "WrongStatus");
    await expect(world.ledger.advance(ID)).to.be.revertedWithCustomError(world.ledger, "WrongStatus");
  });

  it("is refused to others before the deadline", async () => {
    const world = await enrol(1);
    await expect(world.ledger.connect(world.stranger).cancelExperiment(ID))
      .to.be.revertedWithCustomError(world.ledger, "NotCoordinator")
      .withArgs(world.stranger.address, world.coordinator.address);
  });

  it("is anyone's after the deadline if too few joined, but not otherwise", async () => {
    const few = await enrol(1);
    await passDeadline(few);
    await few.ledger.connect(few.stranger).cancelExperiment(ID);
    expect((await snapshot(few)).status).to.equal(Status.Cancelled);

    const enough = await enrol(2);
    await passDeadline(enough);
    await expect(enough.ledger.connect(enough.stranger).cancelExperiment(ID))
      .to.be.revertedWithCustomError(enough.ledger, "EnoughLearners")
      .withArgs(2, 2);
  });

  it("is refused after the start, also to the coordinator", async () => {
    const world = await run(2);
    await expect(world.ledger.cancelExperiment(ID))
      .to.be.revertedWithCustomError(world.ledger, "WrongStatus")
      .withArgs(ID, Status.Running);
  });
});

describe("several experiments", () => {
  it("share a contract without sharing anything else", async () => {
    const world = await loadFixture(deploy);
    await world.ledger.createExperiment(await configOf());
    await world.ledger.createExperiment(await configOf());
    await as(world, 0).join(1n, CONTACT, NO_LINK, NO_INVITATION);
    await as(world, 1).join(2n, CONTACT, NO_LINK, NO_INVITATION);
    expect([...(await world.ledger.getLearners(1n))]).to.deep.equal([person(world, 0).address]);
    expect([...(await world.ledger.getLearners(2n))]).to.deep.equal([person(world, 1).address]);
  });
});
