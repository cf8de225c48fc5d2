import type { Interface, TransactionReceipt } from "ethers";

import { ColearnError } from "../errors.ts";
import type { Provider } from "./connect.ts";
import { explain, type Remedies } from "./errors.ts";
import type { Call } from "./outbox.ts";

/** Finds out, without sending anything, what a contract says of one key's calls: why it refuses one, in its own words. */
export class Trial {
  readonly #provider: Provider;
  readonly #from: string;
  readonly #contract: Interface;
  readonly #remedies: Remedies | undefined;

  constructor(provider: Provider, from: string, contract: Interface, remedies?: Remedies) {
    this.#provider = provider;
    this.#from = from;
    this.#contract = contract;
    this.#remedies = remedies;
  }

  /** @throws RevertError where the contract would refuse a call, at a block that is the latest where none is given */
  async ask(action: string, call: Call, blockTag?: number): Promise<void> {
    try {
      await this.#provider.call({ ...call, from: this.#from, ...(blockTag === undefined ? {} : { blockTag }) });
    } catch (error) {
      throw this.explain(error, action);
    }
  }

  /** @throws RevertError, or ColearnError `reverted`, where what was mined of a call was refused */
  async requireDone(action: string, call: Call, receipt: TransactionReceipt): Promise<TransactionReceipt> {
    if (receipt.status === 1) return receipt;
    // Mined but refused: what the estimate saw was overtaken. Asking again tells why.
    await this.ask(action, call, receipt.blockNumber);
    throw new ColearnError("reverted", `transaction ${receipt.hash} to ${action} was mined but refused`);
  }

  /** What ethers threw, in the contract's words where it has some. */
  explain(error: unknown, action: string): Error {
    return explain(error, action, this.#contract, this.#remedies);
  }
}
