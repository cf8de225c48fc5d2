import { setTimeout as sleep } from "node:timers/promises";

import { isError, keccak256, type Signer, type TransactionLike, type TransactionReceipt } from "ethers";

import { ColearnError } from "../errors.ts";
import type { Provider } from "./connect.ts";
import { DEFAULT_MAX_FEE, feeFields, feesOf, higher, raise, requireAffordable, type Fees } from "./fees.ts";

/**
 * Gas on top of the estimate. A vote that was estimated as one of many may be mined as the last one, which settles the
 * round and opens the next.
 */
const GAS_MARGIN = 300_000n;
/** How often patience may run out before the outbox gives up on a call for now. */
const MAX_ATTEMPTS = 7;
/** Endpoints behind a balancer may tell of a used nonce a moment before they tell whose transaction used it. */
const LOOKS_BEFORE_REPLACED = 2;

export interface OutboxOptions {
  /** Blocks on top of the one with the transaction before it counts as done. Default 1: that block itself. */
  readonly confirmations?: number | undefined;
  /** An unmined transaction is sent again with higher fees after this. Default 30 000. */
  readonly patienceMilliseconds?: number | undefined;
  /** Nothing is signed that offers more than this for a unit of gas, wei. Default 500 gwei. */
  readonly maxFeePerGas?: bigint | undefined;
}

export interface Call {
  readonly to: string;
  readonly data: string;
}

/** What was signed for one nonce and, as far as is known, not mined. */
interface Unmined {
  readonly nonce: number;
  /** What the last of the transactions offered. */
  fees: Fees;
  /** By hash, in the order of signing, what an endpoint took, or may have taken. */
  readonly transactions: Map<string, { readonly data: string; readonly gasLimit: bigint }>;
}

type Populated = TransactionLike & { readonly data: string; readonly gasLimit: bigint };

interface Watched {
  readonly receipt?: TransactionReceipt;
  /** It is mined, if not as deep as it must be. */
  readonly seen: boolean;
}

/** What an endpoint did with a transaction: where it did not answer, it may have taken it all the same. */
type Broadcast = "taken" | "unknown" | "underpriced" | "used";

/**
 * Owns the nonce of one key. It uses the first that is not mined, and remembers what it signed for it: a call that is
 * sent later replaces what is stuck instead of waiting behind it.
 */
export class Outbox {
  readonly #provider: Provider;
  readonly #signer: Signer;
  readonly #from: string;
  readonly #confirmations: number;
  readonly #patience: number;
  readonly #cap: bigint;
  #unmined: Unmined | undefined;

  /** @param signer connected to the provider; `from` is its address */
  constructor(provider: Provider, signer: Signer, from: string, options: OutboxOptions) {
    this.#provider = provider;
    this.#signer = signer;
    this.#from = from;
    this.#confirmations = options.confirmations ?? 1;
    this.#patience = options.patienceMilliseconds ?? 30_000;
    this.#cap = options.maxFeePerGas ?? DEFAULT_MAX_FEE;
  }

  /**
   * Sends a call and waits until it is mined. One at a time: the caller waits for one before it sends the next.
   * @throws ColearnError `not-mined`, `replaced` or `fee-too-high`; what ethers throws where the contract refuses the call
   */
  async send(call: Call): Promise<TransactionReceipt> {
    for (;;) {
      const nonce = await this.#provider.getTransactionCount(this.#from, "latest");
      const stuck = this.#unmined?.nonce === nonce && this.#unmined.transactions.size > 0 ? this.#unmined : undefined;
      const gasLimit = gasLimitOf(stuck, call) ?? (await this.#estimate(call));
      const populated = await this.#signer.populateTransaction({ ...call, nonce, gasLimit });
      const market = feesOf(populated);
      requireAffordable(market, this.#cap);
      const fees = stuck ? higher(market, raise(stuck.fees, this.#cap)) : market;
      this.#unmined = stuck ?? { nonce, fees, transactions: new Map() };
      const receipt = await this.#mine({ ...populated, data: call.data, gasLimit }, fees, this.#unmined);
      if (receipt) return receipt;
    }
  }

  async #estimate(call: Call): Promise<bigint> {
    return (await this.#provider.estimateGas({ ...call, from: this.#from })) + GAS_MARGIN;
  }

  /**
   * Broadcasts until mined, with higher fees each time that patience runs out. All attempts share one nonce.
   * @returns nothing when an earlier call of ours was mined in its place
   */
  async #mine(populated: Populated, firstFees: Fees, unmined: Unmined): Promise<TransactionReceipt | undefined> {
    const { data, gasLimit } = populated;
    const { transactions } = unmined;
    let fees = firstFees;
    let hash: string | undefined;
    for (let attempt = 0; attempt < MAX_ATTEMPTS;) {
      const signed = await this.#signer.signTransaction({ ...populated, ...feeFields(fees) });
      hash = keccak256(signed);
      const isNew = !transactions.has(hash);
      // Before it is sent: whatever happens then, it may be mined.
      transactions.set(hash, { data, gasLimit });
      let broadcast: Broadcast | "refused";
      try {
        broadcast = await this.#broadcast(signed);
        unmined.fees = fees;
      } catch (error) {
        if (isNew) transactions.delete(hash);
        if (attempt === 0) throw error;
        // An earlier attempt may be mined yet.
        broadcast = "refused";
      }
      const raised = raise(fees, this.#cap);
      // Something that an earlier process left is in the way, or another's: no reason to wait.
      if (broadcast === "underpriced" && raised.most > fees.most) {
        fees = raised;
        continue;
      }
      const { receipt, seen } = await this.#watch(unmined);
      if (receipt) {
        this.#unmined = undefined;
        return transactions.get(receipt.hash)?.data === data ? receipt : undefined;
      }
      // Otherwise it is mined but not deep enough yet, or may not have arrived: the same once more.
      if (!seen && broadcast === "taken") fees = raised;
      attempt++;
    }
    throw new ColearnError("not-mined", `transaction ${hash ?? ""} was not mined`, {
      remedy: "the network is congested or the endpoint is stuck: what is sent next replaces it",
    });
  }

  async #broadcast(signed: string): Promise<Broadcast> {
    try {
      await this.#provider.send("eth_sendRawTransaction", [signed]);
      return "taken";
    } catch (error) {
      if (isError(error, "NONCE_EXPIRED")) return "used";
      if (isError(error, "REPLACEMENT_UNDERPRICED")) return "underpriced";
      if (isUnanswered(error)) return "unknown";
      if (saysAlreadyKnown(error)) return "taken";
      throw error;
    }
  }

  /**
   * Looks for a receipt of any transaction of this nonce until patience runs out.
   * @throws ColearnError `replaced` when the nonce is used, and by none of them
   */
  async #watch({ nonce, transactions }: Unmined): Promise<Watched> {
    const until = Date.now() + this.#patience;
    let used = 0;
    let seen = false;
    do {
      try {
        const next = await this.#provider.getTransactionCount(this.#from, "latest");
        seen = false;
        for (const hash of transactions.keys()) {
          const receipt = await this.#provider.getTransactionReceipt(hash);
          if (!receipt) continue;
          seen = true;
          if ((await receipt.confirmations()) >= this.#confirmations) return { receipt, seen };
        }
        used = next > nonce && !seen ? used + 1 : 0;
      } catch (error) {
        // An endpoint that is gone for a moment changes nothing about the transaction.
        if (!isUnanswered(error)) throw error;
      }
      if (used >= LOOKS_BEFORE_REPLACED) {
        this.#unmined = undefined;
        throw new ColearnError("replaced", `another transaction of ${this.#from} was mined with nonce ${nonce}`, {
          remedy: "one key, one node: give each process that sends transactions a key of its own",
        });
      }
      await sleep(this.#provider.pollingInterval);
    } while (Date.now() < until);
    return { seen };
  }
}

/** Where an endpoint estimates on top of what is pending, the contract would refuse to do the same thing twice. */
function gasLimitOf(stuck: Unmined | undefined, { data }: Call): bigint | undefined {
  const last = stuck && [...stuck.transactions.values()].at(-1);
  return last?.data === data ? last.gasLimit : undefined;
}

function isUnanswered(error: unknown): boolean {
  return error instanceof ColearnError && error.code === "rpc";
}

/** Every kind of node says it in its own words. */
function saysAlreadyKnown(error: unknown): boolean {
  return /already[ _]?(known|imported|exists)|known transaction/i.test(String(error));
}
