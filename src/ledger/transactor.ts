import type { Signer, TransactionReceipt } from "ethers";

import { ColearnError } from "../errors.ts";
import { explain } from "./errors.ts";
import type { Ledger } from "./ledger.ts";
import { Outbox, type Call, type OutboxOptions } from "./outbox.ts";
import { toScore } from "./score.ts";
import { admissions, type ExperimentConfig } from "./types.ts";
import type { ContentId } from "../weights/content-id.ts";

export type TransactorOptions = OutboxOptions;

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
    const raw = { ...config, admission: admissions.indexOf(config.admission), selection: 0, ballot: 0 };
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

  join(experiment: bigint, contact: string): Promise<TransactionReceipt> {
    return this.#send("join", "join", [experiment, contact]);
  }

  updateContact(experiment: bigint, contact: string): Promise<TransactionReceipt> {
    return this.#send("update the contact", "updateContact", [experiment, contact]);
  }

  resume(experiment: bigint): Promise<TransactionReceipt> {
    return this.#send("resume", "resume", [experiment]);
  }

  start(experiment: bigint): Promise<TransactionReceipt> {
    return this.#send("start the experiment", "start", [experiment]);
  }

  cancel(experiment: bigint): Promise<TransactionReceipt> {
    return this.#send("cancel the experiment", "cancel", [experiment]);
  }

  leave(experiment: bigint): Promise<TransactionReceipt> {
    return this.#send("leave the experiment", "leaveExperiment", [experiment]);
  }

  propose(experiment: bigint, round: number, weights: ContentId): Promise<TransactionReceipt> {
    return this.#send("propose", "propose", [experiment, round, weights]);
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
