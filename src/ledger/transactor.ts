import { ZeroAddress, ZeroHash, type Signer, type TransactionReceipt } from "ethers";

import { ColearnError } from "../errors.ts";
import * as done from "./done.ts";
import type { AdvanceFrom, Done } from "./done.ts";
import type { Ledger } from "./ledger.ts";
import { Outbox, type Call, type OutboxOptions } from "./outbox.ts";
import { Queue } from "./queue.ts";
import type { SealedVote } from "./sealed-vote.ts";
import { toScore } from "./score.ts";
import { openMethods, signCall, signedMethods, type CallRelay, type RelayedCall } from "./signed-call.ts";
import { encodeBatch, type SignedVote } from "./signed-vote.ts";
import { transactionWith } from "./transaction-with.ts";
import { Trial } from "./trial.ts";
import { admissions, ballots, selections, type ExperimentConfig } from "./types.ts";
import type { ContentId } from "../weights/content-id.ts";

/** The gas of a usual call, with the outbox's margin. */
const USUAL_GAS = 500_000n;
/** A signed call is worth nothing after this. */
const CALL_SECONDS = 900n;
/** What a vote of a batch takes more where somebody joined just before: the contract reads who the voter is. */
const VOTER_GAS = 2_500n;
/**
 * What a contract may take to say whether it signed: the contract's limit, with what asking costs. It may have answered
 * the estimate otherwise; whoever asks it must have the gas left for all that comes after it.
 */
const CONTRACT_SIGNATURE_GAS = 515_000n;

export interface TransactorOptions extends OutboxOptions {
  /** Sends, by signature, what the key cannot pay for. */
  readonly relay?: CallRelay | undefined;
}

export interface JoinTerms {
  readonly link?: string | undefined;
  readonly invitation?: string | undefined;
}

/**
 * Sends one key's transactions to one contract. It owns the key's nonce: transactions go out one after the other, each
 * mined before the next is signed, so that a failure leaves no gap. What is done already is no failure, see `Done`.
 */
export class Transactor {
  readonly ledger: Ledger;
  readonly address: string;
  readonly #outbox: Outbox;
  readonly #signer: Signer;
  readonly #relay: CallRelay | undefined;
  readonly #trial: Trial;
  readonly #queue = new Queue();

  private constructor(ledger: Ledger, signer: Signer, address: string, options: TransactorOptions) {
    this.ledger = ledger;
    this.address = address;
    this.#signer = signer.connect(ledger.provider);
    this.#relay = options.relay;
    this.#outbox = new Outbox(ledger.provider, this.#signer, address, options);
    this.#trial = new Trial(ledger.provider, address, ledger.interface);
  }

  static async create(ledger: Ledger, signer: Signer, options: TransactorOptions = {}): Promise<Transactor> {
    return new Transactor(ledger, signer, await signer.getAddress(), options);
  }

  /** Creates an experiment and returns its id. */
  async createExperiment(config: ExperimentConfig): Promise<bigint> {
    const raw = {
      ...config,
      admission: admissions.indexOf(config.admission),
      selection: selections.indexOf(config.selection),
      ballot: ballots.indexOf(config.ballot),
      stakes: config.stakes ?? ZeroAddress,
    };
    const receipt = await this.#send("create the experiment", "createExperiment", [raw]);
    for (const log of receipt.logs) {
      const parsed = this.ledger.interface.parseLog(log);
      if (parsed?.name === "ExperimentCreated") return parsed.args.experiment as bigint;
    }
    throw new ColearnError("no-event", `transaction ${receipt.hash} created no experiment`);
  }

  invite(experiment: bigint, learners: readonly string[]): Promise<Done> {
    const earlier = done.invited(this.#actor(experiment), learners);
    return done.once(() => this.#send("invite", "invite", [experiment, learners]), earlier);
  }

  /**
   * @param terms where proposers are drawn, the end of the learner's hash chain; where it is asked for, the coordinator's
   *   signed invitation
   */
  join(experiment: bigint, contact: string, terms: JoinTerms = {}): Promise<Done> {
    const { link = ZeroHash, invitation = "0x" } = terms;
    const args = [experiment, contact, link, invitation];
    return done.once(() => this.#send("join", "join", args), done.takesPart(this.#actor(experiment)));
  }

  updateContact(experiment: bigint, contact: string): Promise<TransactionReceipt> {
    return this.#send("update the contact", "updateContact", [experiment, contact]);
  }

  resume(experiment: bigint): Promise<Done> {
    return done.once(() => this.#send("resume", "resume", [experiment]), done.takesPart(this.#actor(experiment)));
  }

  start(experiment: bigint): Promise<Done> {
    const send = () => this.#send("start the experiment", "startExperiment", [experiment]);
    return done.once(send, done.started(this.#actor(experiment)));
  }

  cancel(experiment: bigint): Promise<Done> {
    const send = () => this.#send("cancel the experiment", "cancelExperiment", [experiment]);
    return done.once(send, done.cancelled(this.#actor(experiment)));
  }

  leave(experiment: bigint): Promise<Done> {
    const send = () => this.#send("leave the experiment", "leaveExperiment", [experiment]);
    return done.once(send, done.left(this.#actor(experiment)));
  }

  /** @param link where proposers are drawn, the next link of the proposer's hash chain */
  propose(experiment: bigint, round: number, weights: ContentId, link = ZeroHash): Promise<Done> {
    const send = () => this.#send("propose", "propose", [experiment, round, weights, link]);
    return done.once(send, done.proposed(this.#actor(experiment), round, weights));
  }

  vote(experiment: bigint, round: number, proposal: ContentId, approve: boolean, score: number): Promise<Done> {
    const send = () => this.#send("vote", "vote", [experiment, round, proposal.digest, approve, toScore(score)]);
    return done.once(send, done.voted(this.#actor(experiment), round, { voter: this.address, proposal, approve }));
  }

  /**
   * Casts votes that their voters signed. Those that do not count do no harm.
   * @returns what was mined, though it may have failed there: see its status
   */
  async castVotes(
    experiment: bigint,
    round: number,
    proposal: ContentId,
    votes: readonly SignedVote[],
  ): Promise<TransactionReceipt> {
    const { data, room } = await this.#batch(experiment, round, proposal, votes);
    return this.#queue.own(() => this.#mine("cast votes", data, room));
  }

  /**
   * The gas that casting these votes would take.
   * @throws RevertError where none of them counts
   */
  async estimateVotes(
    experiment: bigint,
    round: number,
    proposal: ContentId,
    votes: readonly SignedVote[],
  ): Promise<bigint> {
    return this.#estimate("cast votes", (await this.#batch(experiment, round, proposal, votes)).data);
  }

  /** @param commitment see `sealOf` */
  sealVote(experiment: bigint, round: number, proposal: ContentId, commitment: string): Promise<Done> {
    const send = () => this.#send("seal the vote", "sealVote", [experiment, round, proposal.digest, commitment]);
    return done.once(send, done.sealed(this.#actor(experiment), round, commitment));
  }

  /** @param vote the vote that was sealed, and by whom */
  revealVote(experiment: bigint, round: number, proposal: ContentId, vote: SealedVote): Promise<Done> {
    const { voter, approve, score, salt } = vote;
    const args = [experiment, round, proposal.digest, voter, approve, toScore(score), salt];
    const earlier = done.voted(this.#actor(experiment), round, { voter, proposal, approve });
    return done.once(() => this.#send("reveal the vote", "reveal", args), earlier);
  }

  /** @param seen what is to be ended: where it has ended meanwhile, that is success */
  advance(experiment: bigint, seen?: AdvanceFrom): Promise<Done> {
    const earlier = done.advanced(this.#actor(experiment), seen);
    return done.once(() => this.#send("advance", "advance", [experiment]), earlier);
  }

  /**
   * Sends for another what it signed, or what anybody may send, and pays for it: after all that is this key's own.
   * @returns what was mined, though it may have failed there: see its status
   * @throws RevertError where the contract would refuse it, ColearnError `busy` where too many wait: nothing was sent
   */
  sendFor(call: RelayedCall): Promise<TransactionReceipt> {
    return this.#queue.others(() => this.#mine("relay a call", this.#dataOf(call)));
  }

  /**
   * The gas that a call for another would take.
   * @throws RevertError where the contract would refuse it
   */
  async estimateFor(call: RelayedCall): Promise<bigint> {
    return this.#estimate("relay a call", this.#dataOf(call));
  }

  /** Whether an account, this one where none is named, could pay for a call now. */
  async canPay(account: string = this.address): Promise<boolean> {
    const { provider } = this.ledger;
    const balance = await provider.getBalance(account);
    if (balance === 0n) return false;
    const { maxFeePerGas, gasPrice } = await provider.getFeeData();
    return balance >= USUAL_GAS * (maxFeePerGas ?? gasPrice ?? 1n);
  }

  #actor(experiment: bigint): done.Actor {
    return { ledger: this.ledger, experiment, address: this.address };
  }

  #callOf(data: string): Call {
    return { to: this.ledger.address, data };
  }

  #dataOf(call: RelayedCall): string {
    if (call.kind === "open-call") return call.call;
    const { learner, call: data, deadline, signature } = call;
    return this.ledger.interface.encodeFunctionData("executeBySig", [learner, data, deadline, signature]);
  }

  async #batch(
    experiment: bigint,
    round: number,
    { digest }: ContentId,
    votes: readonly SignedVote[],
  ): Promise<{ readonly data: string; readonly room: bigint }> {
    const batch = encodeBatch(await this.ledger.domain(), votes, await this.ledger.learners(experiment));
    const [, , signed, byContracts] = batch;
    return {
      data: this.ledger.interface.encodeFunctionData("castVotesBySig", [experiment, round, digest, ...batch]),
      room: VOTER_GAS * BigInt(signed.length) + CONTRACT_SIGNATURE_GAS * BigInt(byContracts.length),
    };
  }

  async #estimate(action: string, data: string): Promise<bigint> {
    try {
      return await this.ledger.provider.estimateGas({ ...this.#callOf(data), from: this.address });
    } catch (error) {
      throw this.#trial.explain(error, action);
    }
  }

  async #send(action: string, method: string, args: readonly unknown[]): Promise<TransactionReceipt> {
    const data = this.ledger.interface.encodeFunctionData(method, args);
    const relay = signedMethods.has(method) || openMethods.has(method) ? this.#relay : undefined;
    if (relay === undefined || (await this.canPay())) return this.#sendData(action, data);
    return this.#queue.own(() => this.#sendRelayed(relay, action, data, signedMethods.has(method)));
  }

  /**
   * Sends a call and waits until it is mined.
   * @throws RevertError when the contract refuses it (found before anything is sent, where possible)
   */
  #sendData(action: string, data: string): Promise<TransactionReceipt> {
    return this.#queue.own(async () =>
      this.#trial.requireDone(action, this.#callOf(data), await this.#mine(action, data)),
    );
  }

  /**
   * Has a call sent by a relay, signed where that is needed, and waits until it is mined.
   * @throws RevertError when the contract would refuse it
   */
  async #sendRelayed(relay: CallRelay, action: string, call: string, signed: boolean): Promise<TransactionReceipt> {
    const { ledger, address: learner } = this;
    // The contract's reasons are told here, where they are those of this key's.
    await this.#trial.ask(action, this.#callOf(call));
    try {
      if (!signed) return await relay.send({ kind: "open-call", call }, (hash) => transactionWith(ledger, call, hash));
      const nonce = await ledger.nonce(learner);
      const deadline = BigInt(await ledger.now()) + CALL_SECONDS;
      const message = await signCall(this.#signer, await ledger.domain(), { learner, call, nonce, deadline });
      const asked = { kind: "call", ...message } as const;
      return await relay.send(asked, (hash) => transactionWith(ledger, this.#dataOf(asked), hash));
    } catch (error) {
      // It may be done all the same, by somebody else or by a relay that answered too late: then the contract says so.
      if (error instanceof ColearnError && error.code === "not-relayed") {
        await this.#trial.ask(action, this.#callOf(call));
      }
      throw error;
    }
  }

  async #mine(action: string, data: string, room = 0n): Promise<TransactionReceipt> {
    try {
      return await this.#outbox.send(this.#callOf(data), { action, room });
    } catch (error) {
      throw this.#trial.explain(error, action);
    }
  }
}
