import { expect } from "chai";
import { makeError, Transaction, Wallet, type Signer } from "ethers";
import fc from "fast-check";

import { UserError } from "../../../src/errors.ts";
import type { Provider } from "../../../src/ledger/connect.ts";
import { Outbox } from "../../../src/ledger/outbox.ts";

const wallet = new Wallet(`0x${"7".repeat(64)}`);
const to = `0x${"1".repeat(40)}`;
const GWEI = 1_000_000_000n;

const unreachable = () => new UserError("rpc", "the JSON-RPC endpoint does not answer");

/** What may go wrong, each time that the chain is asked, in hundredths. */
interface Odds {
  /** Of a look at the chain that is not answered. */
  readonly silence: number;
  /** Of a signer that fails. */
  readonly unsigned: number;
  /** Of a block that is made before the next answer. */
  readonly block: number;
  /** Of the last block being replaced by an empty one, its transactions back in the pool or forgotten. */
  readonly reorganisation: number;
}

const HEALTHY: Odds = { silence: 0, unsigned: 0, block: 60, reorganisation: 0 };

/** A chain whose contract does whatever it is told as often as it is told, behind an endpoint with faults. */
class FaultyChain {
  readonly pollingInterval = 0;
  readonly blocks: Transaction[][] = [[]];
  readonly pool = new Map<number, Transaction>();
  /** Nonces that were used before the outbox could know that they are free. */
  readonly gaps: number[] = [];
  odds: Odds = HEALTHY;
  beforeTaking: () => void = () => undefined;
  #told = 0;
  readonly #random: () => number;

  /** @param random whole numbers from 0 to 99 */
  constructor(random: () => number) {
    this.#random = random;
  }

  outbox(): Outbox {
    const signer = {
      populateTransaction: async (call: object) => {
        this.#look();
        return { ...call, type: 2, chainId: 1n, maxFeePerGas: 10n * GWEI, maxPriorityFeePerGas: GWEI };
      },
      signTransaction: async (transaction: Transaction) => {
        if (this.#random() < this.odds.unsigned) throw new Error("the signer is locked");
        return wallet.signTransaction(transaction);
      },
    };
    const options = { patienceMilliseconds: 0, confirmations: 1, maxFeePerGas: 1_000_000n * GWEI };
    return new Outbox(this as unknown as Provider, signer as unknown as Signer, wallet.address, options);
  }

  get nonce(): number {
    return this.blocks.flat().length;
  }

  /** What was done, in order. */
  get calls(): string[] {
    return this.blocks.flat().map(({ data }) => data);
  }

  async getNetwork(): Promise<object> {
    return { chainId: 1n };
  }

  async getBlockNumber(): Promise<number> {
    this.#look();
    return this.blocks.length - 1;
  }

  async getBlock(number: number): Promise<object> {
    this.#look();
    return { prefetchedTransactions: this.blocks[number] ?? [] };
  }

  async getTransactionCount(): Promise<number> {
    this.#look();
    this.#told = Math.max(this.#told, this.nonce);
    return this.nonce;
  }

  async estimateGas(): Promise<bigint> {
    this.#look();
    return 21_000n;
  }

  async getTransactionReceipt(hash: string): Promise<object | null> {
    this.#look();
    const number = this.blocks.findIndex((block) => block.some((transaction) => transaction.hash === hash));
    if (number === -1) return null;
    return { hash, status: 1, confirmations: async () => this.blocks.length - number };
  }

  async send(_method: string, [raw]: string[]): Promise<void> {
    const transaction = Transaction.from(raw ?? "");
    if (transaction.nonce > this.#told) this.gaps.push(transaction.nonce);
    const fate = this.#random();
    const isHealthy = this.odds.silence === 0;
    if (isHealthy || fate < 40) this.#take(transaction);
    else if (fate < 55) throw unreachable();
    else if (fate < 70) {
      this.#take(transaction);
      throw unreachable();
    } else if (fate < 80) throw new Error("the endpoint is full");
    // Else it is taken, and forgotten.
  }

  #take(transaction: Transaction): void {
    this.beforeTaking();
    if (transaction.nonce < this.nonce) throw makeError("nonce too low", "NONCE_EXPIRED", { transaction });
    const before = this.pool.get(transaction.nonce);
    if (before?.hash === transaction.hash) throw new Error("already known");
    if (before && (transaction.maxFeePerGas ?? 0n) * 100n < (before.maxFeePerGas ?? 0n) * 110n) {
      throw makeError("replacement fee too low", "REPLACEMENT_UNDERPRICED", { transaction });
    }
    this.pool.set(transaction.nonce, transaction);
  }

  #look(): void {
    if (this.#random() < this.odds.reorganisation && this.blocks.length > 1) this.#reorganise();
    if (this.#random() < this.odds.block) this.mine();
    if (this.#random() < this.odds.silence) throw unreachable();
  }

  mine(): void {
    const block: Transaction[] = [];
    for (let next = this.pool.get(this.nonce); next; next = this.pool.get(this.nonce + block.length)) {
      block.push(next);
      this.pool.delete(next.nonce);
    }
    this.blocks.push(block);
  }

  #reorganise(): void {
    for (const transaction of this.blocks.pop() ?? []) {
      if (this.#random() < 50) this.pool.set(transaction.nonce, transaction);
    }
  }
}

/** Whole numbers from 0 to 99, the same for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % 100;
  };
}

/** How often a call is tried before nothing goes wrong any more. */
const FAULTY_TRIES = 30;

const odds = (reorganisation: number) =>
  fc.record({
    silence: fc.integer({ min: 1, max: 30 }),
    unsigned: fc.nat(20),
    block: fc.integer({ min: 5, max: 50 }),
    reorganisation: fc.nat(reorganisation),
  });

/** Sends each call until it is done, now and then another one in between, as a node does that decides anew each time. */
async function sendAll(chain: FaultyChain, random: () => number, faults: Odds, count: number): Promise<void> {
  const outbox = chain.outbox();
  chain.odds = faults;
  const left = Array.from({ length: count }, (_, place) => ({ to, data: `0x0${place}` }));
  for (let tries = 0; left.length > 0; tries++) {
    if (tries >= FAULTY_TRIES) chain.odds = HEALTHY;
    if (tries > 10 * FAULTY_TRIES) throw new Error("a call is never done");
    const place = random() % left.length;
    const call = left[place]!;
    const done = await outbox.send(call).then(
      () => true,
      () => false,
    );
    if (done) left.splice(place, 1);
  }
}

describe("an outbox, whatever fails", () => {
  for (const [what, reorganisation] of [
    ["", 0],
    [" and blocks are replaced", 15],
  ] as const) {
    it(`leaves no gap and does nothing twice when endpoints and signers fail at random${what}`, async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.integer(),
          odds(reorganisation),
          fc.integer({ min: 1, max: 5 }),
          async (seed, faults, count) => {
            const random = randomOf(seed);
            const chain = new FaultyChain(random);
            await sendAll(chain, random, faults, count);
            chain.mine();
            expect(chain.gaps).to.deep.equal([]);
            expect([...chain.pool.keys()]).to.deep.equal([]);
            const calls = [...chain.calls].sort();
            expect(new Set(calls).size).to.equal(calls.length);
            if (reorganisation === 0) expect(calls).to.have.length(count);
          },
        ),
        { numRuns: 60 },
      );
    }).timeout(60_000);
  }
});

describe("an outbox that is asked again", () => {
  const call = { to, data: "0x01" };
  let chain: FaultyChain;

  beforeEach(() => {
    chain = new FaultyChain(() => 99);
  });

  const failure = (sent: Promise<unknown>) => sent.catch((error: unknown) => error);

  it("finds a call done that it gave up, and sends nothing", async () => {
    const outbox = chain.outbox();
    chain.odds = { ...HEALTHY, block: 0 };
    expect(await failure(outbox.send(call))).to.include({ code: "not-mined" });
    chain.mine();
    const { hash } = await outbox.send(call);
    expect(chain.calls).to.deep.equal(["0x01"]);
    expect(hash).to.equal(chain.blocks.at(-1)?.[0]?.hash);
  });

  it("tells of a call that was done late only once", async () => {
    const outbox = chain.outbox();
    chain.odds = { ...HEALTHY, block: 0 };
    await failure(outbox.send(call));
    chain.mine();
    await outbox.send(call);
    chain.odds = { ...HEALTHY, block: 100 };
    await outbox.send(call);
    expect(chain.calls).to.deep.equal(["0x01", "0x01"]);
  });

  it("finds a call done that an earlier process sent with the same nonce, and asked for another fee", async () => {
    chain.odds = { ...HEALTHY, block: 0 };
    await failure(chain.outbox().send(call));
    const restarted = chain.outbox();
    chain.beforeTaking = () => {
      chain.mine();
    };
    await restarted.send(call);
    expect(chain.calls).to.deep.equal(["0x01"]);
  });
});
