import { ZeroAddress, ZeroHash, type Signer, type TransactionReceipt } from "ethers";

import { ColearnError } from "../errors.ts";
import { explain } from "./errors.ts";
import type { Ledger } from "./ledger.ts";
import { Outbox, type Call, type OutboxOptions } from "./outbox.ts";
import type { SealedVote } from "./sealed-vote.ts";
import { toScore } from "./score.ts";
import { encodeBatch, type SignedVote } from "./signed-vote.ts";
import { admissions, ballots, selections, type ExperimentConfig } from "./types.ts";
import type { ContentId } from "../weights/content-id.ts";

export type TransactorOptions = OutboxOptions;

export interface JoinTerms {
  readonly link?: string | undefined;
  readonly invitation?: string | undefined;
}

/**
 * Sends one key's transactions to one contract. It owns the key's nonce: transactions go out one after the other, each
 * mined before the next is signed, so that a failure leaves no gap.
 */
export class Transactor {
  readonly ledger: Ledger;
  readonly address: string;
  readonly #outbox: Outbox;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(ledger: Ledger, signer: Signer, address: string, options: TransactorOptions) {
    this.ledger = ledger;
    this.address = address;
    this.#outbox = new Outbox(ledger.provider, signer.connect(ledger.provider), address, options);
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

  invite(experiment: bigint, learners: readonly string[]): Promise<TransactionReceipt> {
    return this.#send("invite", "invite", [experiment, learners]);
  }

  /**
   * @param terms where proposers are drawn, the end of the learner's hash chain; where it is asked for, the coordinator's
   *   signed invitation
   */
  join(experiment: bigint, contact: string, terms: JoinTerms = {}): Promise<TransactionReceipt> {
    const { link = ZeroHash, invitation = "0x" } = terms;
    return this.#send("join", "join", [experiment, contact, link, invitation]);
  }

  updateContact(experiment: bigint, contact: string): Promise<TransactionReceipt> {
    return this.#send("update the contact", "updateContact", [experiment, contact]);
  }

  resume(experiment: bigint): Promise<TransactionReceipt> {
    return this.#send("resume", "resume", [experiment]);
  }

  start(experiment: bigint): Promise<TransactionReceipt> {
    return this.#send("start the experiment", "startExperiment", [experiment]);
  }

  cancel(experiment: bigint): Promise<TransactionReceipt> {
    return this.#send("cancel the experiment", "cancelExperiment", [experiment]);
  }

  leave(experiment: bigint): Promise<TransactionReceipt> {
    return this.#send("leave the experiment", "leaveExperiment", [experiment]);
  }

  /** @param link where proposers are drawn, the next link of the proposer's hash chain */
  propose(experiment: bigint, round: number, weights: ContentId, link = ZeroHash): Promise<TransactionReceipt> {
    return this.#send("propose", "propose", [experiment, round, weights, link]);
  }

  vote(
    experiment: bigint,
    round: number,
    proposal: ContentId,
    approve: boolean,
    score: number,
  ): Promise<TransactionReceipt> {
    return this.#send("vote", "vote", [experiment, round, proposal.digest, approve, toScore(score)]);
  }

  /** Casts votes that their voters signed. Those that do not count do no harm. */
  async castVotes(
    experiment: bigint,
    round: number,
    proposal: ContentId,
    votes: readonly SignedVote[],
  ): Promise<TransactionReceipt> {
    const batch = encodeBatch(await this.ledger.domain(), votes, await this.ledger.learners(experiment));
    return this.#send("cast votes", "castVotesBySig", [experiment, round, proposal.digest, ...batch]);
  }

  /** @param commitment see `sealOf` */
  sealVote(experiment: bigint, round: number, proposal: ContentId, commitment: string): Promise<TransactionReceipt> {
    return this.#send("seal the vote", "sealVote", [experiment, round, proposal.digest, commitment]);
  }

  /** @param vote the vote that was sealed, and by whom */
  revealVote(
    experiment: bigint,
    round: number,
    proposal: ContentId,
    { voter, approve, score, salt }: SealedVote,
  ): Promise<TransactionReceipt> {
    const args = [experiment, round, proposal.digest, voter, approve, toScore(score), salt];
    return this.#send("reveal the vote", "reveal", args);
  }

  advance(experiment: bigint): Promise<TransactionReceipt> {
    return this.#send("advance", "advance", [experiment]);
  }

  /**
   * Sends a call and waits until it is mined.
   * @throws RevertError when the contract refuses it (found before anything is sent, where possible)
   */
  #send(action: string, method: string, args: readonly unknown[]): Promise<TransactionReceipt> {
    const data = this.ledger.interface.encodeFunctionData(method, args);
    const sent = this.#last.then(() => this.#sendAlone(action, { to: this.ledger.address, data }));
    this.#last = sent.catch(() => undefined);
    return sent;
  }

  async #sendAlone(action: string, call: Call): Promise<TransactionReceipt> {
    const { provider } = this.ledger;
    try {
      const receipt = await this.#outbox.send(call);
      if (receipt.status !== 1) {
        // Mined but refused: what the estimate saw was overtaken. Asking again tells why.
        await provider.call({ ...call, from: this.address, blockTag: receipt.blockNumber });
        throw new ColearnError("reverted", `transaction ${receipt.hash} to ${action} was mined but refused`);
      }
      return receipt;
    } catch (error) {
      throw explain(error, action, this.ledger.interface);
    }
  }
}
