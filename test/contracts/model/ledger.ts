/** The real contract under the model's words: it does what a call says, and is compared with the model's state. */
import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { expect } from "chai";
import { ZeroAddress, ZeroHash, type ErrorDescription } from "ethers";

import { Outcome, Phase, Status, type SignedVote } from "../ledger-contract.ts";
import { signCall, signedVote, signInvitation } from "../signatures.ts";
import {
  configOf,
  CONTACT,
  deploy,
  ethers,
  ID,
  loadFixture,
  networkHelpers,
  setOf,
  time,
  type World,
} from "../world.ts";
import { currentWeights, indexOf } from "./questions.ts";
import type { Call, Deed, Opening, Round, Rules, SignedBallot, State, Terms } from "./state.ts";
import { PEOPLE } from "./wishes.ts";

/** More than any call here takes. With it nothing is estimated: an estimate would be made at another time. */
const GAS = 5_000_000;
const SCORE = 900_000;
const ENROLMENT = 300;

export class RealLedger {
  readonly world: World;
  private readonly people: readonly HardhatEthersSigner[];

  private constructor(world: World) {
    this.world = world;
    this.people = [world.coordinator, ...world.people].slice(0, PEOPLE);
  }

  /** A fresh ledger, with the experiment and another one like it. */
  static async create(terms: Terms): Promise<{ ledger: RealLedger; rules: Rules }> {
    const world = await loadFixture(deploy);
    const rules = { ...terms, enrolmentDeadline: (await time.latest()) + ENROLMENT };
    const { byInvitation, isRandom, isSealed, early, ...fields } = rules;
    const config = await configOf({
      ...fields,
      admission: byInvitation ? 1 : 0,
      selection: isRandom ? 1 : 0,
      ballot: isSealed ? 1 : 0,
      earlyDecision: early,
    });
    for (let count = 0; count < 2; count += 1) await world.ledger.createExperiment(config);
    return { ledger: new RealLedger(world), rules };
  }

  now(): Promise<number> {
    return time.latest();
  }

  /** Does it in a block of that time, and tells the name of the error if the contract refuses. */
  async perform(state: State, call: Call, at: number): Promise<string | undefined> {
    const { ledger, stranger } = this.world;
    const nonce = await ledger.nonces(this.person(call.who).address);
    const own = ledger.interface.encodeFunctionData(...(await this.encode(state, call.who, call.deed)));
    const data = call.way === "sent" ? own : await this.signed(call, own, nonce, at);
    const sender = call.way === "sent" ? this.person(call.who) : stranger;
    const request = { to: await ledger.getAddress(), data, gasLimit: GAS };
    await networkHelpers.time.setNextBlockTimestamp(at);
    try {
      await sender.call({ ...request, blockTag: "pending" });
    } catch (error) {
      const { name } = this.errorOf(error);
      return name;
    }
    await (await sender.sendTransaction(request)).wait();
    expect(await time.latest(), "time of the block").to.equal(at);
    const used = call.way === "sent" ? 0n : 1n;
    expect(await ledger.nonces(this.person(call.who).address), "next nonce").to.equal(nonce + used);
    return undefined;
  }

  /** All that the views tell of the experiment, of the last two rounds, and of every learner. */
  async compare(state: State): Promise<void> {
    const { ledger } = this.world;
    const open = state.phase === "None" ? undefined : state.rounds.at(-1);
    const seen = await ledger.snapshot(ID, this.person(1).address);
    const weights = currentWeights(state);
    expect({
      status: seen.status,
      phase: seen.phase,
      round: Number(seen.round),
      deadline: Number(seen.deadline),
      weights: [seen.weights.digest, Number(seen.weights.codec), Number(seen.weightsRound)],
      proposer: seen.proposer,
      proposal: [seen.proposal.digest, Number(seen.proposal.codec)],
      ballots: [seen.voters, seen.approvals, seen.rejections, seen.seals],
      active: seen.active,
      learners: Number(seen.learnerCount),
      asked: [seen.member, Number(seen.index), seen.invited],
    }).to.deep.equal({
      status: Status[state.status],
      phase: Phase[state.phase],
      round: state.rounds.length,
      deadline: state.deadline,
      weights: [weights.digest, weights.codec, state.weightsRound],
      proposer: open === undefined ? ZeroAddress : this.addressAt(state, open.proposer),
      proposal: [open?.proposal.digest ?? ZeroHash, open?.proposal.codec ?? 0],
      ballots: setsOf(open),
      active: setOf(...[...state.members.keys()].filter((index) => state.members[index]!.active)),
      learners: state.members.length,
      asked: [
        indexOf(state, 1) >= 0,
        Math.max(indexOf(state, 1), 0),
        !state.rules.byInvitation || state.invited.includes(1),
      ],
    });
    const last = state.rounds.length;
    for (const number of [last - 1, last]) if (number > 0) await this.compareRound(state, number);
    for (const index of state.members.keys()) await this.compareLearner(state, index);
  }

  private async compareRound(state: State, number: number): Promise<void> {
    const wanted = state.rounds[number - 1]!;
    const seen = await this.world.ledger.getRound(ID, number);
    expect({
      outcome: seen.outcome,
      proposer: seen.proposer,
      proposal: [seen.proposal.digest, Number(seen.proposal.codec)],
      deadline: Number(seen.deadline),
      ballots: [seen.voters, seen.approvals, seen.rejections, seen.seals],
    }).to.deep.equal({
      outcome: Outcome[wanted.outcome],
      proposer: this.addressAt(state, wanted.proposer),
      proposal: [wanted.proposal.digest, wanted.proposal.codec],
      deadline: wanted.deadline,
      ballots: setsOf(wanted),
    });
  }

  private async compareLearner(state: State, index: number): Promise<void> {
    const { who, active, missed, suspensions, link } = state.members[index]!;
    const { ledger } = this.world;
    const { address } = this.person(who);
    const learner = await ledger.getLearner(ID, address);
    expect({
      ...{ index: learner.index, active: learner.active, struck: learner.struck },
      ...{ suspensions: learner.suspensions, link: learner.link, invited: learner.invited },
    }).to.deep.equal({
      ...{ index: BigInt(index), active, struck: missed },
      ...{ suspensions: BigInt(suspensions), link, invited: state.invited.includes(who) },
    });
    const ballot = state.rounds.at(-1)?.ballots[index] ?? "none";
    const { voter, cast, approve, isSealed } = await ledger.getVote(ID, state.rounds.length, address);
    expect({ voter, cast, approve, isSealed }).to.deep.equal({
      voter: ballot !== "none",
      cast: ballot === "approved" || ballot === "rejected",
      approve: ballot === "approved",
      isSealed: ballot === "sealed",
    });
  }

  private person(who: number): HardhatEthersSigner {
    const signer = this.people[who];
    if (signer === undefined) throw new Error(`there is no person ${who}`);
    return signer;
  }

  private addressAt(state: State, index: number): string {
    return this.person(state.members[index]!.who).address;
  }

  private async signed(call: Call, own: string, nonce: bigint, at: number): Promise<string> {
    const { ledger } = this.world;
    const learner = this.person(call.who);
    const signer = call.way === "forged" ? this.world.stranger : learner;
    const message = { learner: learner.address, call: own, nonce, deadline: at };
    const signature = await signCall(this.world, signer, message);
    return ledger.interface.encodeFunctionData("executeBySig", [learner.address, own, at, signature]);
  }

  private async encode(state: State, who: number, deed: Deed): Promise<[verb: string, args: unknown[]]> {
    switch (deed.verb) {
      case "invite":
        return ["invite", [ID, [this.person(deed.guest).address]]];
      case "join":
        return ["join", [ID, CONTACT, deed.link, await this.invitation(who, deed.invitation)]];
      case "updateContact":
        return ["updateContact", [ID, CONTACT]];
      case "leave":
        return ["leaveExperiment", [ID]];
      case "start":
      case "cancel":
        return [`${deed.verb}Experiment`, [ID]];
      case "resume":
      case "advance":
        return [deed.verb, [ID]];
      case "propose":
        return ["propose", [ID, deed.round, deed.weights, deed.link]];
      case "vote":
        return ["vote", [ID, deed.round, deed.proposal, deed.approve, SCORE]];
      case "batch":
        return ["castVotesBySig", await this.batch(state, deed)];
      case "seal":
        return [
          "sealVote",
          [ID, deed.round, deed.proposal, await this.world.ledger.sealOf(...this.opened(deed.opening))],
        ];
      case "reveal":
        return ["reveal", this.opened(deed.opening)];
    }
  }

  private async invitation(who: number, kind: "none" | "signed" | "forged"): Promise<string> {
    const { coordinator, stranger } = this.world;
    if (kind === "none") return "0x";
    return await signInvitation(this.world, kind === "signed" ? coordinator : stranger, this.person(who).address);
  }

  private opened({ round, proposal, voter, approve, salt }: Opening): Parameters<World["ledger"]["sealOf"]> {
    return [ID, round, proposal, this.person(voter).address, approve, SCORE, salt];
  }

  private async batch(state: State, deed: Extract<Deed, { verb: "batch" }>): Promise<unknown[]> {
    const { ballots, round, proposal } = deed;
    const votes = await Promise.all(ballots.map((ballot) => this.signedBallot(state, round, proposal, ballot)));
    const learners = deed.listed ? await this.world.ledger.getLearners(ID) : [];
    const voters = setOf(...ballots.map(({ index }) => index));
    const approvals = setOf(...ballots.filter(({ approve }) => approve).map(({ index }) => index));
    return [ID, round, proposal, voters, approvals, votes, [], learners];
  }

  private async signedBallot(state: State, round: number, proposal: string, ballot: SignedBallot): Promise<SignedVote> {
    const { index, approve, forged } = ballot;
    const member = state.members[index];
    const signer = member === undefined || forged === "signer" ? this.world.stranger : this.person(member.who);
    return await signedVote(
      this.world,
      signer,
      forged === "approve" ? !approve : approve,
      {
        experiment: forged === "experiment" ? ID + 1n : ID,
        round: forged === "round" ? round + 1 : round,
        proposal: forged === "proposal" ? ethers.id("other weights still") : proposal,
        voter: member === undefined ? ZeroAddress : this.person(member.who).address,
      },
      {
        ...(forged === "chain" ? { chainId: 1 } : {}),
        ...(forged === "contract" ? { verifyingContract: this.world.stranger.address } : {}),
      },
    );
  }

  /** Nodes wrap an error of the contract in errors of their own: its data is somewhere within. */
  private errorOf(error: unknown): ErrorDescription {
    for (let inner = error; typeof inner === "object" && inner !== null; inner = (inner as { cause?: unknown }).cause) {
      const { data } = inner as { data?: unknown };
      const bytes = typeof data === "object" && data !== null ? (data as { data?: unknown }).data : data;
      const known = typeof bytes === "string" ? this.world.ledger.interface.parseError(bytes) : null;
      if (known !== null) return known;
    }
    throw error;
  }
}

/** Voters, approvals, rejections and seals, as the contract writes sets. */
function setsOf(round: Round | undefined): bigint[] {
  const ballots = [...(round?.ballots ?? []).entries()];
  const kinds = [["silent", "sealed", "approved", "rejected"], ["approved"], ["rejected"], ["sealed"]];
  return kinds.map((kind) => setOf(...ballots.filter(([, ballot]) => kind.includes(ballot)).map(([index]) => index)));
}
