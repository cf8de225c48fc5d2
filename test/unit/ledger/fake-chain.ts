import { expect } from "chai";
import { makeError, Transaction, Wallet, type Signer } from "ethers";

import { ColearnError } from "../../../src/errors.ts";
import type { Provider } from "../../../src/ledger/connect.ts";
import { Outbox, type OutboxOptions } from "../../../src/ledger/outbox.ts";

export const GWEI = 1_000_000_000n;
const wallet = new Wallet(`0x${"7".repeat(64)}`);
const to = `0x${"1".repeat(40)}`;
export const vote = { to, data: "0x01" };
export const other = { to, data: "0x02" };

const underpriced = () => makeError("replacement fee too low", "REPLACEMENT_UNDERPRICED", { transaction: {} });

/** An endpoint and the chain behind it: nothing is mined before it is told to. */
export class FakeChain {
  readonly pollingInterval = 0;
  /** Every transaction that was broadcast. */
  readonly broadcast: Transaction[] = [];
  readonly pool = new Map<number, Transaction>();
  readonly mined = new Map<string, Transaction>();
  nonce = 5;
  estimates = 0;
  price = 10n * GWEI;
  status = 1;
  /** Looks at each transaction before the chain does; what it throws is the endpoint's answer. */
  onBroadcast: (transaction: Transaction, count: number) => void = () => undefined;
  onLook: (looks: number) => void = () => undefined;
  #looks = 0;

  outbox(options: OutboxOptions = {}): Outbox {
    const signer = {
      populateTransaction: async (call: object) => {
        const fees = { maxFeePerGas: this.price, maxPriorityFeePerGas: GWEI };
        return { ...call, type: 2, chainId: 1n, value: 0n, ...fees };
      },
      signTransaction: (transaction: Transaction) => wallet.signTransaction(transaction),
    };
    // No patience: each attempt looks once.
    const defaults = { patienceMilliseconds: 0, ...options };
    return new Outbox(this as unknown as Provider, signer as unknown as Signer, wallet.address, defaults);
  }

  /** Mines what waits, as far as the nonces go. */
  mine(): void {
    for (let next = this.pool.get(this.nonce); next; next = this.pool.get(this.nonce)) {
      this.mined.set(next.hash ?? "", next);
      this.pool.delete(this.nonce++);
    }
  }

  async getNetwork(): Promise<object> {
    return { chainId: 31_337n };
  }

  async getBlockNumber(): Promise<number> {
    return 1;
  }

  /** One block holds all that is mined. */
  async getBlock(number: number): Promise<object> {
    return { prefetchedTransactions: number === 1 ? [...this.mined.values()] : [] };
  }

  async getTransactionCount(_address: string, tag: string): Promise<number> {
    expect(tag).to.equal("latest");
    return this.nonce;
  }

  async estimateGas(): Promise<bigint> {
    this.estimates++;
    return 21_000n;
  }

  async send(method: string, [signed]: string[]): Promise<void> {
    expect(method).to.equal("eth_sendRawTransaction");
    const transaction = Transaction.from(signed ?? "");
    this.broadcast.push(transaction);
    this.onBroadcast(transaction, this.broadcast.length);
    this.take(transaction);
  }

  take(transaction: Transaction): void {
    const before = this.pool.get(transaction.nonce);
    if (before?.hash === transaction.hash) throw new Error("already known");
    const enough = (old: bigint | null, now: bigint | null) => (now ?? 0n) * 100n >= (old ?? 0n) * 110n;
    if (
      before &&
      !(
        enough(before.maxFeePerGas, transaction.maxFeePerGas) &&
        enough(before.maxPriorityFeePerGas, transaction.maxPriorityFeePerGas)
      )
    ) {
      throw underpriced();
    }
    this.pool.set(transaction.nonce, transaction);
  }

  async getTransactionReceipt(hash: string): Promise<object | null> {
    this.onLook(++this.#looks);
    const transaction = this.mined.get(hash);
    return transaction
      ? { hash, status: this.status, gasUsed: 21_000n, fee: 21_000n * GWEI, confirmations: async () => 1 }
      : null;
  }

  fees(): number[] {
    return this.broadcast.map(({ maxFeePerGas }) => Number((maxFeePerGas ?? 0n) / 1_000_000n) / 1_000);
  }
}

export async function failure(sent: Promise<unknown>): Promise<ColearnError> {
  const error = await sent.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).to.be.instanceOf(ColearnError);
  return error as ColearnError;
}
