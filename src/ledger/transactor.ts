import type { Signer, TransactionReceipt, TransactionRequest } from "ethers";

import { ColearnError } from "../errors.ts";
import { explain } from "./errors.ts";
import type { Ledger } from "./ledger.ts";
import { toScore } from "./score.ts";
import { admissions, type ExperimentConfig } from "./types.ts";
import type { ContentId } from "../weights/content-id.ts";

/**
 * Gas on top of the estimate. A vote that was estimated as one of many may be mined as the last one, which settles the
 * round and opens the next.
 */
const GAS_MARGIN = 300_000n;
const MAX_BUMPS = 6;
/** Nodes take a replacement only at 10 % more or above. */
const BUMP_PERCENT = 115n;

export interface TransactorOptions {
  /** Blocks on top of the one with the transaction before it counts as done. Default 1: that block itself. */
  readonly confirmations?: number;
  /** An unmined transaction is sent again with higher fees after this. Default 30 000. */
  readonly patienceMilliseconds?: number;
}

/**
 * Sends one key's transactions to one contract. It owns the key's nonce: transactions go out one after the other, each
 * mined before the next is signed, so that a failure leaves no gap.
 */
export class Transactor {
  readonly ledger: Ledger;
  readonly address: string;
  readonly #signer: Signer;
  readonly #confirmations: number;
  readonly #patience: number;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(
    ledger: Ledger,
    signer: Signer,
    address: string,
    { confirmations = 1, patienceMilliseconds = 30_000 }: TransactorOptions,
  ) {
    this.ledger = ledger;
    this.#signer = signer.connect(ledger.provider);
    this.address = address;
    this.#confirmations = confirmations;
    this.#patience = patienceMilliseconds;
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

  async #sendAlone(action: string, call: TransactionRequest): Promise<TransactionReceipt> {
    const { provider } = this.ledger;
    try {
      const estimate = await provider.estimateGas({ ...call, from: this.address });
      const populated = await this.#signer.populateTransaction({ ...call, gasLimit: estimate + GAS_MARGIN });
      const receipt = await this.#mine(populated);
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

  /** Broadcasts until mined, with higher fees each time that patience runs out. All attempts share one nonce. */
  async #mine(transaction: TransactionRequest): Promise<TransactionReceipt> {
    const { provider } = this.ledger;
    const hashes: string[] = [];
    for (let attempt = 0; attempt <= MAX_BUMPS; attempt++) {
      const signed = await this.#signer.signTransaction(bump(transaction, attempt));
      const response = await provider.broadcastTransaction(signed).catch((error: unknown) => {
        // "Nonce too low" after a bump: an earlier attempt was mined in between.
        if (hashes.length === 0) throw error;
        return undefined;
      });
      if (response) hashes.push(response.hash);
      const until = Date.now() + this.#patience;
      while (Date.now() < until) {
        for (const hash of hashes) {
          const receipt = await provider.getTransactionReceipt(hash);
          if (receipt && (await receipt.confirmations()) >= this.#confirmations) return receipt;
        }
        await new Promise((resolve) => setTimeout(resolve, provider.pollingInterval));
      }
    }
    throw new ColearnError("not-mined", `transaction ${hashes.at(-1)} was not mined`, {
      remedy: "the network is congested or the endpoint is stuck: the node tries again",
    });
  }
}

function bump(transaction: TransactionRequest, times: number): TransactionRequest {
  const raise = (fee: TransactionRequest["gasPrice"]) => {
    if (fee === null || fee === undefined) return undefined;
    let raised = BigInt(fee);
    for (let i = 0; i < times; i++) raised = (raised * BUMP_PERCENT) / 100n + 1n;
    return raised;
  };
  const { gasPrice, maxFeePerGas, maxPriorityFeePerGas, ...rest } = transaction;
  const fees = {
    gasPrice: raise(gasPrice),
    maxFeePerGas: raise(maxFeePerGas),
    maxPriorityFeePerGas: raise(maxPriorityFeePerGas),
  };
  return { ...rest, ...Object.fromEntries(Object.entries(fees).filter(([, fee]) => fee !== undefined)) };
}
