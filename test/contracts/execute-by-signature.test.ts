import { expect } from "chai";
import type { BaseContract } from "ethers";

import { Admission, Ballot, Status, type LedgerContract } from "./ledger-contract.ts";
import { signCall, type CallMessage } from "./signatures.ts";
import {
  as,
  configOf,
  CONTACT,
  DAY,
  enrol,
  ethers,
  HOUR,
  ID,
  INITIAL,
  NO_INVITATION,
  NO_LINK,
  passDeadline,
  person,
  propose,
  proposalOf,
  run,
  setOf,
  snapshot,
  time,
  vote,
  type World,
} from "./world.ts";

type Account = World["stranger"];

function encode(world: World, verb: string, ...args: unknown[]): string {
  return world.ledger.interface.encodeFunctionData(verb, args);
}

/** What an account signs for a call in a day's time, with its next nonce. */
async function messageOf(world: World, account: Account, call: string): Promise<CallMessage> {
  return {
    learner: account.address,
    call,
    nonce: await world.ledger.nonces(account.address),
    deadline: (await time.latest()) + DAY,
  };
}

async function send(ledger: LedgerContract, { learner, call, deadline }: CallMessage, signature: string) {
  return await ledger.executeBySig(learner, call, deadline, signature);
}

/** An account signs a call, another sends it: a stranger, unless somebody else is named. */
async function execute(world: World, account: Account, call: string, sender: Account = world.stranger) {
  const message = await messageOf(world, account, call);
  return await send(world.ledger.connect(sender), message, await signCall(world, account, message));
}

describe("executeBySig", () => {
  const verbs: [verb: string, event: string, before: () => Promise<World>, args: unknown[], index: number][] = [
    ["join", "Joined", () => enrol(0), [ID, CONTACT, NO_LINK, NO_INVITATION], 0],
    ["updateContact", "ContactUpdated", () => enrol(1), [ID, CONTACT], 0],
    ["leaveExperiment", "Left", () => enrol(2), [ID], 1],
    ["resume", "Resumed", gone, [ID], 1],
    ["propose", "Proposed", () => run(2), [ID, 1, proposalOf(1), NO_LINK], 0],
    ["sealVote", "VoteSealed", sealing, [ID, 1, proposalOf(1).digest, ethers.id("commitment")], 1],
  ];
  for (const [verb, event, before, args, index] of verbs) {
    it(`acts as the learner that signed: ${verb}`, async () => {
      const world = await before();
      const { address } = person(world, index);
      const sent = await execute(world, person(world, index), encode(world, verb, ...args));
      await expect(sent).to.emit(world.ledger, event);
      const log = (await sent.wait())!.logs.map((one) => world.ledger.interface.parseLog(one))[0];
      expect(log?.name).to.equal(event);
      expect(log?.args.toArray()).to.include(address);
      expect(await world.ledger.nonces(address)).to.equal(1n);
    });
  }

  async function gone(): Promise<World> {
    const world = await enrol(2);
    await as(world, 1).leaveExperiment(ID);
    return world;
  }

  async function sealing(): Promise<World> {
    const world = await run(3, { ballot: Ballot.Sealed, revealWindow: HOUR });
    await propose(world, 0, 1);
    return world;
  }

  it("acts as the coordinator that signed: create, invite, start, cancel", async () => {
    const world = await enrol(2);
    const { coordinator, ledger } = world;
    const config = await configOf({ admission: Admission.Invited });
    await execute(world, coordinator, encode(world, "createExperiment", config));
    expect((await ledger.getExperiment(2n))[0]).to.equal(coordinator.address);
    await expect(execute(world, coordinator, encode(world, "invite", 2n, [world.stranger.address]))).to.emit(
      ledger,
      "Invited",
    );
    await expect(execute(world, coordinator, encode(world, "cancelExperiment", 2n))).to.emit(ledger, "Cancelled");
    await execute(world, coordinator, encode(world, "startExperiment", ID));
    expect((await snapshot(world)).status).to.equal(Status.Running);
  });

  it("gives the coordinator's rights to nobody else who signs", async () => {
    const world = await enrol(2);
    for (const verb of ["startExperiment", "cancelExperiment"]) {
      await expect(execute(world, person(world, 0), encode(world, verb, ID), world.coordinator))
        .to.be.revertedWithCustomError(world.ledger, "NotCoordinator")
        .withArgs(person(world, 0).address, world.coordinator.address);
    }
  });

  it("returns what the call returned", async () => {
    const world = await enrol(2);
    const account = person(world, 2);
    const message = await messageOf(world, account, encode(world, "join", ID, CONTACT, NO_LINK, NO_INVITATION));
    const signature = await signCall(world, account, message);
    const { learner, call, deadline } = message;
    expect(await world.ledger.executeBySig.staticCall(learner, call, deadline, signature)).to.equal(
      ethers.toBeHex(2, 32),
    );
  });

  it("is possible in the deadline's second, not in the next", async () => {
    const world = await enrol(2);
    const account = person(world, 0);
    const deadline = (await time.latest()) + 100;
    for (const late of [0, 1]) {
      const call = encode(world, "updateContact", ID, CONTACT);
      const message = { ...(await messageOf(world, account, call)), deadline };
      const signature = await signCall(world, account, message);
      await time.setNextBlockTimestamp(deadline + late);
      const sent = send(world.ledger, message, signature);
      if (late === 0) await expect(sent).to.emit(world.ledger, "ContactUpdated");
      else
        await expect(sent)
          .to.be.revertedWithCustomError(world.ledger, "DeadlinePassed")
          .withArgs(deadline + 1, deadline);
    }
  });
});

describe("the signature of a call", () => {
  it("counts once, and in the order of nonces", async () => {
    const world = await enrol(2);
    const account = person(world, 0);
    const first = await messageOf(world, account, encode(world, "updateContact", ID, "first"));
    const second = { ...first, call: encode(world, "updateContact", ID, "second"), nonce: 1n };
    const [one, two] = [await signCall(world, account, first), await signCall(world, account, second)];
    await expect(send(world.ledger, second, two))
      .to.be.revertedWithCustomError(world.ledger, "InvalidSignature")
      .withArgs(account.address, 0);
    await send(world.ledger, first, one);
    await expect(send(world.ledger, first, one))
      .to.be.revertedWithCustomError(world.ledger, "InvalidSignature")
      .withArgs(account.address, 1);
    await send(world.ledger, second, two);
  });

  it("is worth nothing for another call, deadline, learner, contract or chain, nor by another key", async () => {
    const world = await enrol(3);
    const account = person(world, 0);
    const message = await messageOf(world, account, encode(world, "leaveExperiment", ID));
    const signature = await signCall(world, account, message);
    const wrong: [CallMessage, string][] = [
      [{ ...message, call: encode(world, "leaveExperiment", 2n) }, signature],
      [{ ...message, call: `${message.call}00` }, signature],
      [{ ...message, deadline: message.deadline + 1 }, signature],
      [{ ...message, learner: person(world, 1).address }, signature],
      [{ ...message, learner: ethers.ZeroAddress }, signature],
      [{ ...message, learner: await world.ledger.getAddress() }, signature],
      [message, await signCall(world, account, message, { verifyingContract: world.stranger.address })],
      [message, await signCall(world, account, message, { chainId: 1 })],
      [message, await signCall(world, world.stranger, message)],
      [message, await signCall(world, person(world, 1), message)],
      [message, "0x"],
      [message, `0x${"00".repeat(65)}`],
      [message, ethers.Signature.from(signature).compactSerialized],
    ];
    for (const [sent, by] of wrong) {
      await expect(send(world.ledger, sent, by))
        .to.be.revertedWithCustomError(world.ledger, "InvalidSignature")
        .withArgs(sent.learner, 0);
    }
    expect((await snapshot(world)).active).to.equal(setOf(0, 1, 2));
    await send(world.ledger, message, signature);
    expect((await snapshot(world)).active).to.equal(setOf(1, 2));
  });

  it("may be what the learner's contract takes (ERC-1271)", async () => {
    const world = await enrol(1);
    const owner = person(world, 5);
    const wallet = (await ethers.deployContract("OwnedWallet", [owner.address])) as unknown as BaseContract;
    const learner = await wallet.getAddress();
    const call = encode(world, "join", ID, CONTACT, NO_LINK, NO_INVITATION);
    const message = { ...(await messageOf(world, owner, call)), learner };
    await expect(
      send(world.ledger, message, await signCall(world, world.stranger, message)),
    ).to.be.revertedWithCustomError(world.ledger, "InvalidSignature");
    await send(world.ledger, message, await signCall(world, owner, message));
    expect((await world.ledger.getLearner(ID, learner)).index).to.equal(1n);
    expect((await world.ledger.getLearner(ID, owner.address)).member).to.be.false;
  });

  it("keeps its nonce where the call reverts, whose error comes through", async () => {
    const world = await enrol(2);
    const account = person(world, 0);
    await expect(execute(world, account, encode(world, "join", ID, CONTACT, NO_LINK, NO_INVITATION)))
      .to.be.revertedWithCustomError(world.ledger, "AlreadyJoined")
      .withArgs(account.address);
    await expect(execute(world, account, encode(world, "resume", ID)))
      .to.be.revertedWithCustomError(world.ledger, "AlreadyActive")
      .withArgs(account.address);
    await expect(execute(world, account, encode(world, "advance", ID))).to.be.revertedWithCustomError(
      world.ledger,
      "WrongStatus",
    );
    expect(await world.ledger.nonces(account.address)).to.equal(0n);
  });
});

describe("a vote in a call by signature", () => {
  it("is refused, whoever signs and sends it: who calls is this contract, which is no learner", async () => {
    const world = await run(3);
    await propose(world, 0, 1);
    const call = encode(world, "vote", ID, 1, proposalOf(1).digest, true, 0);
    for (const account of [person(world, 1), person(world, 0), world.stranger]) {
      for (const sender of [person(world, 1), person(world, 2), world.stranger]) {
        await expect(execute(world, account, call, sender))
          .to.be.revertedWithCustomError(world.ledger, "NotLearner")
          .withArgs(await world.ledger.getAddress());
      }
    }
    expect((await snapshot(world)).approvals).to.equal(0n);
  });
});

describe("who acts", () => {
  it("is never the relayer, be it a learner, the proposer or the coordinator", async () => {
    const world = await run(3);
    const calls = [
      encode(world, "leaveExperiment", ID),
      encode(world, "updateContact", ID, CONTACT),
      encode(world, "propose", ID, 1, proposalOf(1), NO_LINK),
    ];
    for (const call of calls) {
      await expect(execute(world, world.stranger, call, person(world, 0))).to.be.revert(ethers);
    }
    await execute(world, person(world, 2), encode(world, "leaveExperiment", ID), person(world, 0));
    expect((await snapshot(world)).active).to.equal(setOf(0, 1));
  });

  it("is the sender of a direct call, whatever address stands behind its calldata", async () => {
    const world = await enrol(3);
    const call = encode(world, "leaveExperiment", ID);
    const forged = ethers.concat([call, person(world, 1).address]);
    await person(world, 2).sendTransaction({ to: await world.ledger.getAddress(), data: forged });
    expect((await snapshot(world)).active).to.equal(setOf(0, 1));
    await expect(
      world.stranger.sendTransaction({ to: await world.ledger.getAddress(), data: forged }),
    ).to.be.revertedWithCustomError(world.ledger, "NotLearner");
  });

  it("is the signer, whatever address the call itself ends with", async () => {
    const world = await enrol(3);
    const forged = ethers.concat([encode(world, "leaveExperiment", ID), person(world, 1).address]);
    await execute(world, person(world, 2), forged);
    expect((await snapshot(world)).active).to.equal(setOf(0, 1));
  });

  it("is the inner signer of a call within a call", async () => {
    const world = await enrol(3);
    const [outer, inner] = [person(world, 0), person(world, 1)];
    const message = await messageOf(world, inner, encode(world, "leaveExperiment", ID));
    const signature = await signCall(world, inner, message);
    const nested = encode(world, "executeBySig", inner.address, message.call, message.deadline, signature);
    await execute(world, outer, nested);
    expect((await snapshot(world)).active).to.equal(setOf(0, 2));
    expect([await world.ledger.nonces(outer.address), await world.ledger.nonces(inner.address)]).to.deep.equal([
      1n,
      1n,
    ]);
    await expect(execute(world, outer, nested))
      .to.be.revertedWithCustomError(world.ledger, "InvalidSignature")
      .withArgs(inner.address, 1);
  });

  it("may be one signer twice, with two nonces", async () => {
    const world = await enrol(2);
    const account = person(world, 1);
    const call = encode(world, "leaveExperiment", ID);
    const message = { ...(await messageOf(world, account, call)), nonce: 1n };
    const signature = await signCall(world, account, message);
    await execute(world, account, encode(world, "executeBySig", account.address, call, message.deadline, signature));
    expect((await snapshot(world)).active).to.equal(setOf(0));
  });
});

describe("a call without its arguments", () => {
  it("does nothing: the signer's address behind it makes no arguments of any use", async () => {
    const world = await enrol(3);
    const account = person(world, 0);
    const leave = encode(world, "leaveExperiment", ID);
    // Nothing, part of a selector, a selector, and arguments that the signer's address fills up.
    for (const bytes of [0, 3, 4, 4 + 11, 4 + 12, 4 + 31]) {
      const call = ethers.dataSlice(leave, 0, bytes);
      await expect(execute(world, account, call), `${bytes} bytes`).to.be.revert(ethers);
    }
    const filled = ethers.concat([ethers.dataSlice(leave, 0, 4), `0x${"00".repeat(12)}`]);
    await expect(execute(world, account, filled))
      .to.be.revertedWithCustomError(world.ledger, "UnknownExperiment")
      .withArgs(BigInt(account.address));
    expect(await world.ledger.nonces(account.address)).to.equal(0n);
    expect((await snapshot(world)).active).to.equal(setOf(0, 1, 2));
  });
});

describe("a call by signature that anybody could send", () => {
  it("works too: advance and reading", async () => {
    const world = await run(2);
    await execute(world, person(world, 1), encode(world, "getLearners", ID));
    await passDeadline(world);
    await expect(execute(world, person(world, 1), encode(world, "advance", ID))).to.emit(world.ledger, "RoundSettled");
    await expect(as(world, 0).propose(ID, 2, INITIAL, NO_LINK)).to.be.revertedWithCustomError(
      world.ledger,
      "NotProposer",
    );
    await propose(world, 1, 2);
    await expect(vote(world, 0, 2, true)).to.emit(world.ledger, "RoundSettled");
  });
});
