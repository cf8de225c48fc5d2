import { setTimeout as sleep } from "node:timers/promises";

import { keccak256, type Signer, type TransactionLike, type TransactionReceipt } from "ethers";

import { ColearnError } from "../errors.ts";
import type { Provider } from "./connect.ts";
import { DEFAULT_MAX_FEE, feeFields, feesOf, higher, raise, requireAffordable, type Fees } from "./fees.ts";
import { findTransaction } from "./find-transaction.ts";
import { confirmationsOn } from "./networks.ts";
import { isUnanswered, sendRaw, type Broadcast } from "./send-raw.ts";
import type { LoggedTransaction, TransactionLog } from "./transaction-log.ts";

/**
 * Gas on top of the estimate. A vote that was estimated as one of many may be mined as the last one, which settles the
 * round and opens the next.
 */
export const GAS_MARGIN = 300_000n;
/** How often patience may run out before the outbox gives up on a call for now. */
const MAX_ATTEMPTS = 7;
/** Endpoints behind a balancer may tell of a used nonce a moment before they tell whose transaction used it. */
const LOOKS_BEFORE_REPLACED = 2;
/** Where no block shows whose transaction that was, it may be a reorganisation under way. */
const LOOKS_BEFORE_GONE = 10;
/** How long a transaction that is mined may take to be as deep as it must be. */
const FINAL_MILLISECONDS = 600_000;
/** How many used nonces are remembered, for what was given up and is done all the same, and for reorganisations. */
const MAX_REMEMBERED = 16;

export interface OutboxOptions {
  /** How deep a transaction must be before it counts as done: 1 is its own block. By default what suits the network. */
  readonly confirmations?: number | undefined;
  /** An unmined transaction is sent again with higher fees after this. Default 30 000. */
  readonly patienceMilliseconds?: number | undefined;
  /** Nothing is signed that offers more than this for a unit of gas, wei. Default 500 gwei. */
  readonly maxFeePerGas?: bigint | undefined;
  /** Told once of each transaction of this key that is mined and deep enough, refused ones included. */
  readonly onTransaction?: ((told: TransactionTold) => void) | undefined;
  /** Where what is signed is written down before it is sent; what is open there was this key's before. */
  readonly transactionLog?: TransactionLog | undefined;
}

/** What a transaction did and cost, when it is mined and deep enough. */
export interface TransactionTold {
  /** What it was for, in words, as "vote". */
  readonly action: string;
  readonly hash: string;
  readonly succeeded: boolean;
  readonly gasUsed: bigint;
  /** Wei. */
  readonly fee: bigint;
  /** From the first broadcast for this nonce until it was deep enough. */
  readonly milliseconds: number;
}

export interface Call {
  readonly to: string;
  readonly data: string;
}

interface Signed {
  readonly action: string;
  readonly call: Call;
  readonly gasLimit: bigint;
}

/** What was signed for one nonce. */
interface Slot {
  readonly nonce: number;
  /** A block when the nonce was free. */
  readonly since: number;
  /** When it was first used, unix milliseconds. */
  readonly began: number;
  /** What the last of the transactions offered. */
  fees: Fees;
  /** By hash, in the order of signing, what an endpoint took, or may have taken. */
  readonly transactions: Map<string, Signed>;
  /** What was mined. */
  done: Signed | undefined;
  /** Whoever sent it knows, or it failed. */
  isTold: boolean;
}

/** Mined and deep enough; or gone, or kept waiting, as blocks are replaced in a reorganisation; or not mined in time. */
type Watched = TransactionReceipt | "lost" | "waiting";

/**
 * Owns the nonce of one key. It uses the first that is not mined, so that there is never a gap, and remembers what it
 * signed for it: a call that is sent later replaces what is stuck instead of waiting behind it.
 *
 * A call that was given up may be mined all the same. Sending it again then finds that out, and sends nothing.
 */
export class Outbox {
  readonly #provider: Provider;
  readonly #signer: Signer;
  readonly #from: string;
  readonly #patience: number;
  readonly #cap: bigint;
  readonly #onTransaction: OutboxOptions["onTransaction"];
  readonly #log: TransactionLog | undefined;
  #confirmations: number | undefined;
  /** By nonce, what is not mined as far as is known, and what was mined of late. */
  readonly #slots = new Map<number, Slot>();

  /** @param signer connected to the provider; `from` is its address */
  constructor(provider: Provider, signer: Signer, from: string, options: OutboxOptions) {
    this.#provider = provider;
    this.#signer = signer;
    this.#from = from;
    this.#confirmations = options.confirmations;
    this.#patience = options.patienceMilliseconds ?? 30_000;
    this.#cap = options.maxFeePerGas ?? DEFAULT_MAX_FEE;
    this.#onTransaction = options.onTransaction;
    this.#log = options.transactionLog;
    for (const open of this.#log?.open() ?? []) this.#takeUp(open);
  }

  /**
   * Sends a call and waits until it is mined, as deep as it must be. One at a time: the caller waits for one before it
   * sends the next. The same call, after it failed, is taken for another try: where the first is done, that is the answer.
   * @param options.action what it is for, in words
   * @param options.room gas beyond the estimate and its margin, for what may take more when it is mined
   * @throws ColearnError `not-mined`, `not-final`, `replaced` or `fee-too-high`; what ethers throws where the contract
   *   refuses the call
   */
  async send({ to, data }: Call, { action = "send", room = 0n } = {}): Promise<TransactionReceipt> {
    const call = { to, data };
    for (;;) {
      const [block, nonce] = await Promise.all([this.#provider.getBlockNumber(), this.#nonce()]);
      const stuck = this.#slots.get(nonce);
      const forgotten = stuck && this.#forgotten(stuck);
      if (forgotten) {
        await this.#redo(stuck, forgotten);
        continue;
      }
      const done = await this.#claim(call, nonce);
      if (done === "look again") continue;
      if (done) return done;
      const gasLimit = gasLimitOf(stuck, call) ?? (await this.#estimate(call)) + room;
      const populated = await this.#populate({ action, call, gasLimit }, nonce);
      const market = feesOf(populated);
      requireAffordable(market, this.#cap);
      const isStuck = stuck !== undefined && stuck.transactions.size > 0;
      const fees = isStuck ? higher(market, raise(stuck.fees, this.#cap)) : market;
      const slot = isStuck ? stuck : newSlot({ nonce, since: block - 1, began: Date.now(), fees });
      this.#slots.set(nonce, slot);
      const receipt = await this.#mine(populated, { action, call, gasLimit }, fees, slot);
      if (receipt) return receipt;
    }
  }

  /** Makes what the process before signed this one's: it may be mined yet. */
  #takeUp({ hash, nonce, action, to, data, gasLimit, fees, since, began }: LoggedTransaction): void {
    const slot = this.#slots.get(nonce) ?? newSlot({ nonce, since, began, fees });
    slot.fees = fees;
    slot.transactions.set(hash, { action, call: { to, data }, gasLimit });
    this.#slots.set(nonce, slot);
  }

  #nonce(): Promise<number> {
    return this.#provider.getTransactionCount(this.#from, "latest");
  }

  async #estimate(call: Call): Promise<bigint> {
    return (await this.#provider.estimateGas({ ...call, from: this.#from })) + GAS_MARGIN;
  }

  #populate({ call, gasLimit }: Signed, nonce: number): Promise<TransactionLike> {
    return this.#signer.populateTransaction({ ...call, nonce, gasLimit });
  }

  /** What has to be done again before anything else: the chain has forgotten it, or what was mined with a later nonce. */
  #forgotten({ nonce, done, transactions }: Slot): Signed | undefined {
    const isLater = (slot: Slot) => slot.nonce > nonce && slot.transactions.size > 0;
    return done ?? ([...this.#slots.values()].some(isLater) ? [...transactions.values()].at(-1) : undefined);
  }

  async #redo(slot: Slot, forgotten: Signed): Promise<void> {
    const { isTold } = slot;
    const receipt = await this.#mine(await this.#populate(forgotten, slot.nonce), forgotten, slot.fees, slot);
    if (receipt) slot.isTold = isTold;
    // It may be the endpoint that is behind.
    await sleep(this.#provider.pollingInterval);
  }

  /** The receipt of a call that was given up and is done all the same, with a nonce below the first free one. */
  async #claim(call: Call, nonce: number): Promise<TransactionReceipt | "look again" | undefined> {
    const isOpen = ({ done, isTold }: Slot) => !done || (!isTold && keyOf(done.call) === keyOf(call));
    for (const slot of [...this.#slots.values()]) {
      if (slot.nonce >= nonce || slot.transactions.size === 0 || !isOpen(slot)) continue;
      const watched = await this.#watch(slot).catch((error: unknown) => {
        // Something else was done: nothing to claim.
        if (!(error instanceof ColearnError && error.code === "replaced")) throw error;
      });
      // The chain goes back at this moment.
      if (typeof watched === "string") return "look again";
      const receipt = watched && this.#done(slot, watched, call);
      if (receipt?.status === 1) return receipt;
    }
    return undefined;
  }

  /**
   * Broadcasts until mined, with higher fees each time that patience runs out. All attempts share one nonce.
   * @returns nothing when an earlier call of ours was mined in its place
   */
  async #mine(
    populated: TransactionLike,
    signed: Signed,
    firstFees: Fees,
    slot: Slot,
  ): Promise<TransactionReceipt | undefined> {
    const { transactions } = slot;
    let fees = firstFees;
    let hash: string | undefined;
    for (let attempt = 0; attempt < MAX_ATTEMPTS;) {
      const raw = await this.#signer.signTransaction({ ...populated, ...feeFields(fees) });
      hash = keccak256(raw);
      const isNew = !transactions.has(hash);
      // Before it is sent: whatever happens then, it may be mined.
      this.#record(hash, signed, fees, slot);
      let broadcast: Broadcast | "refused";
      try {
        broadcast = await sendRaw(this.#provider, raw);
        slot.fees = fees;
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
      const watched = await this.#watch(slot);
      if (typeof watched === "object") return this.#done(slot, watched, signed.call);
      // Otherwise it is gone with its block, or may not have arrived: the same once more.
      if (watched === "waiting" && broadcast === "taken") fees = raised;
      attempt++;
    }
    throw new ColearnError("not-mined", `transaction ${hash ?? ""} was not mined`, {
      remedy: "the network is congested or the endpoint is stuck: what is sent next replaces it",
    });
  }

  /** @throws where it cannot be written down */
  #record(hash: string, signed: Signed, fees: Fees, { nonce, since, began, transactions }: Slot): void {
    const { action, gasLimit, call } = signed;
    this.#log?.record({ hash, nonce, action, ...call, gasLimit, fees, since, began });
    transactions.set(hash, signed);
  }

  /** Notes which transaction used a nonce. @returns its receipt if it is the call that is waited for */
  #done(slot: Slot, receipt: TransactionReceipt, awaited: Call): TransactionReceipt | undefined {
    const isNews = slot.done === undefined;
    slot.done = slot.transactions.get(receipt.hash);
    this.#log?.close(slot.nonce, receipt.hash);
    if (isNews && slot.done) this.#tell(slot.done.action, receipt, slot);
    for (const { nonce } of this.#slots.values()) if (nonce < slot.nonce - MAX_REMEMBERED) this.#slots.delete(nonce);
    const isAwaited = slot.done !== undefined && keyOf(slot.done.call) === keyOf(awaited);
    slot.isTold = isAwaited || receipt.status !== 1;
    return isAwaited ? receipt : undefined;
  }

  #tell(action: string, { hash, status, gasUsed, fee }: TransactionReceipt, { began }: Slot): void {
    const milliseconds = Date.now() - began;
    this.#onTransaction?.({ action, hash, succeeded: status === 1, gasUsed, fee, milliseconds });
  }

  /**
   * Looks for a receipt of any transaction of this nonce, again and again, until it is deep enough or patience runs out.
   * @throws ColearnError `replaced` when the nonce is used, and by none of them; `not-final` when it does not get deep
   */
  async #watch(slot: Slot): Promise<Watched> {
    const began = Date.now();
    let used = 0;
    let seen: string | undefined;
    let isInTurn = true;
    for (;;) {
      try {
        this.#confirmations ??= confirmationsOn(Number((await this.#provider.getNetwork()).chainId));
        const next = await this.#nonce();
        const receipt = await this.#receiptOf(slot);
        if (receipt && (await receipt.confirmations()) >= this.#confirmations) return receipt;
        if (seen !== undefined && !receipt) return "lost";
        // A chain that went back waits for what was before: no reason to offer more.
        isInTurn = next >= slot.nonce;
        seen = receipt?.hash;
        used = next > slot.nonce && !receipt ? used + 1 : 0;
        if (used >= LOOKS_BEFORE_REPLACED && (await this.#adopt(slot, used >= LOOKS_BEFORE_GONE))) used = 0;
      } catch (error) {
        // An endpoint that is gone for a moment changes nothing about the transaction.
        if (!isUnanswered(error)) throw error;
        used = 0;
      }
      const waited = Date.now() - began;
      if (seen === undefined && used === 0 && waited >= this.#patience) return isInTurn ? "waiting" : "lost";
      if (seen !== undefined && waited >= FINAL_MILLISECONDS) {
        throw new ColearnError("not-final", `transaction ${seen} is mined, but no blocks follow`, {
          remedy: "the network stands still: sending it again waits on",
        });
      }
      await sleep(this.#provider.pollingInterval);
    }
  }

  async #receiptOf({ transactions }: Slot): Promise<TransactionReceipt | undefined> {
    for (const hash of transactions.keys()) {
      const receipt = await this.#provider.getTransactionReceipt(hash);
      if (receipt) return receipt;
    }
    return undefined;
  }

  /**
   * Makes the transaction that used a nonce one of ours, where it makes the same call: this process sent it before it was
   * started anew.
   * @returns whether it did
   * @throws ColearnError `replaced` where it makes another call, or is not to be found at the last look
   */
  async #adopt({ nonce, since, transactions }: Slot, isLastLook: boolean): Promise<boolean> {
    const found = await findTransaction(this.#provider, this.#from, nonce, since);
    if (!found && !isLastLook) return false;
    const key = found && keyOf({ to: found.to ?? "", data: found.data });
    const same = [...transactions.values()].find(({ call }) => keyOf(call) === key);
    if (found && same) {
      transactions.set(found.hash, same);
      return true;
    }
    this.#slots.delete(nonce);
    this.#log?.close(nonce, undefined);
    throw new ColearnError("replaced", `another transaction of ${this.#from} was mined with nonce ${nonce}`, {
      remedy: "one key, one node: give each process that sends transactions a key of its own",
    });
  }
}

function newSlot(begun: Pick<Slot, "nonce" | "since" | "began" | "fees">): Slot {
  return { ...begun, transactions: new Map(), done: undefined, isTold: false };
}

/** Where an endpoint estimates on top of what is pending, the contract would refuse to do the same thing twice. */
function gasLimitOf(stuck: Slot | undefined, call: Call): bigint | undefined {
  const last = stuck && [...stuck.transactions.values()].at(-1);
  return last && keyOf(last.call) === keyOf(call) ? last.gasLimit : undefined;
}

function keyOf({ to, data }: Call): string {
  return `${to.toLowerCase()} ${data}`;
}
