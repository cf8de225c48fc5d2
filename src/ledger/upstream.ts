import type { FetchRequest, JsonRpcPayload, JsonRpcResult } from "ethers";

import { UserError } from "../errors.ts";
import { endpointRequest, hostOf, post } from "./endpoint.ts";
import { reasonOf } from "./errors.ts";
import { answered, failed, UNTRIED, type Health } from "./health.ts";

/** What tells a chain from every other. */
export interface ChainIdentity {
  readonly chainId: number;
  /** Hash of the first block. */
  readonly genesis: string;
}

/** What an endpoint answers to one question: both are there in what ethers calls a result. */
export type Answer = JsonRpcResult | { readonly id: number; readonly error: { code: number; message: string } };

/** Answers, and the block that the endpoint had just before it gave them. */
export interface Reply {
  readonly height: number;
  readonly results: readonly Answer[];
  /** How long they took. */
  readonly milliseconds: number;
}

/** Ids of our own questions: ethers counts up from 1. */
const CHAIN_ID = 2_000_000_001;
const HEIGHT = 2_000_000_002;
const GENESIS = 2_000_000_003;

const question = (id: number, method: string, params: unknown[] = []): JsonRpcPayload => ({
  jsonrpc: "2.0",
  id,
  method,
  params,
});
const askChainId = question(CHAIN_ID, "eth_chainId");
const askHeight = question(HEIGHT, "eth_blockNumber");
const askGenesis = question(GENESIS, "eth_getBlockByNumber", ["0x0", false]);

/** The endpoint is another chain's. */
export class ForeignChain extends Error {}

/** The endpoint did not answer, or not in full. The message is a reason alone, and shows nothing of the address. */
export class Unanswered extends Error {
  /** What was sent cannot have arrived. */
  readonly isUndelivered: boolean;

  constructor(reason: string) {
    super(reason);
    this.isUndelivered = /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH| 4\d\d /.test(reason);
  }
}

/** One of several endpoints of a chain: asks it, and keeps the record of how it does. */
export class Upstream {
  /** What may be shown of its address. */
  readonly name: string;
  health: Health = UNTRIED;
  /** Since it was last out of reach or went back, it has shown that it is of the right chain. */
  isVerified = false;
  /** It is another chain's, and is never asked again. */
  isForeign = false;
  /** The highest block that it said it has, and since when (milliseconds since 1970) it says that it has less. */
  peak = 0;
  belowPeakSince: number | undefined;
  readonly #request: FetchRequest;
  readonly #open = new Set<FetchRequest>();

  constructor(rpc: string, name = hostOf(rpc)) {
    this.name = name;
    this.#request = endpointRequest(rpc);
    // "Too many requests" is a reason to ask another at once.
    this.#request.setThrottleParams({ maxAttempts: 1 });
  }

  /**
   * The chain that it is of.
   * @throws Unanswered
   */
  async identify(timeoutMilliseconds: number): Promise<ChainIdentity> {
    const answers = await this.#post([askChainId, askGenesis], timeoutMilliseconds);
    return { chainId: quantity(answers, CHAIN_ID), genesis: genesisIn(answers) };
  }

  /**
   * Asks questions, and in the same breath for the chain and the latest block.
   * @throws ForeignChain, Unanswered
   */
  async ask(questions: readonly JsonRpcPayload[], { chainId, genesis }: ChainIdentity): Promise<Reply> {
    const own = this.isVerified ? [askChainId, askHeight] : [askChainId, askHeight, askGenesis];
    const began = performance.now();
    const answers = await this.#post([...own, ...questions]);
    const milliseconds = performance.now() - began;
    const actual = quantity(answers, CHAIN_ID);
    if (actual !== chainId) throw new ForeignChain(`it is chain ${actual} now, not chain ${chainId}`);
    if (own.includes(askGenesis)) {
      if (genesisIn(answers) !== genesis) throw new ForeignChain(`its chain ${chainId} has another first block`);
      this.isVerified = true;
    }
    const height = quantity(answers, HEIGHT);
    this.#note(height);
    return { height, results: questions.map(({ id }) => answerTo(answers, id)), milliseconds };
  }

  /**
   * Passes something on, whatever block it has.
   * @throws Unanswered
   */
  async tell(what: JsonRpcPayload): Promise<Answer> {
    return answerTo(await this.#post(what), what.id);
  }

  /** It answered well. */
  answer(milliseconds: number): void {
    this.health = answered(this.health, milliseconds);
  }

  /** It failed: until it has shown otherwise it may be any chain's, and it rests for a while. */
  fail(now: number): void {
    this.health = failed(this.health, now);
    this.isVerified = false;
  }

  /** From now on, less than what it had is no going back. */
  acceptHeight(height: number): void {
    this.peak = height;
    this.belowPeakSince = undefined;
  }

  /** Ends what it was asked and has not answered. */
  cancel(): void {
    for (const request of this.#open) request.cancel();
  }

  #note(height: number): void {
    if (height >= this.peak) {
      this.acceptHeight(height);
    } else if (this.belowPeakSince === undefined) {
      this.belowPeakSince = Date.now();
      // A chain that was started anew begins at block 0.
      this.isVerified = false;
    }
  }

  async #post(payload: JsonRpcPayload | JsonRpcPayload[], timeoutMilliseconds?: number): Promise<readonly Answer[]> {
    const request = this.#request.clone();
    if (timeoutMilliseconds !== undefined) request.timeout = timeoutMilliseconds;
    this.#open.add(request);
    try {
      return await post(request, payload);
    } catch (error) {
      throw new Unanswered(reasonOf(error));
    } finally {
      this.#open.delete(request);
    }
  }
}

/**
 * An endpoint for each address, named for its host; where several have the same host, with their place in the list.
 */
export function upstreamsOf(addresses: readonly string[]): Upstream[] {
  const hosts = addresses.map(hostOf);
  return addresses.map((rpc, place) => {
    const host = hosts[place] ?? "";
    const isAlone = hosts.indexOf(host) === hosts.lastIndexOf(host);
    return new Upstream(rpc, isAlone ? host : `${host} (no. ${place + 1})`);
  });
}

/**
 * The chain that endpoints are of, and marks those that showed it.
 * @throws UserError where none answers, or they are not all of one chain
 */
export async function agreeOnChain(
  upstreams: readonly Upstream[],
  asked: number | undefined,
  timeoutMilliseconds: number,
): Promise<{ readonly chain: ChainIdentity; readonly silent: readonly [Upstream, string][] }> {
  const silent: [Upstream, string][] = [];
  const found: [Upstream, ChainIdentity][] = [];
  const identities = upstreams.map(async (upstream) => {
    try {
      found.push([upstream, await upstream.identify(timeoutMilliseconds)]);
    } catch (error) {
      upstream.fail(Date.now());
      silent.push([upstream, reasonOf(error)]);
    }
  });
  await Promise.all(identities);
  found.sort(([a], [b]) => upstreams.indexOf(a) - upstreams.indexOf(b));
  const [first] = found;
  if (first === undefined) {
    const reasons = silent.map(([{ name }, why]) => `${name}: ${why}`);
    throw noneAnswers(upstreams.length, reasons);
  }
  for (const [upstream, identity] of found) requireSameChain(first, [upstream, identity], asked);
  return { chain: first[1], silent };
}

/** @param reasons why not, endpoint by endpoint */
export function noneAnswers(endpoints: number, reasons: readonly string[]): UserError {
  return new UserError("rpc", `none of the ${endpoints} JSON-RPC endpoints answers: ${reasons.join("; ")}`, {
    remedy: "check that they run, and --rpc",
  });
}

function requireSameChain(
  [first, chain]: readonly [Upstream, ChainIdentity],
  [other, identity]: readonly [Upstream, ChainIdentity],
  asked: number | undefined,
): void {
  if (asked !== undefined && identity.chainId !== asked) {
    throw new UserError("wrong-chain", `${other.name} is chain ${identity.chainId}, not chain ${asked}`, {
      remedy: "give endpoints of the right chain with --rpc, or its id with --chain-id",
    });
  }
  const remedy = "give endpoints of one chain with --rpc";
  if (identity.chainId !== chain.chainId) {
    const both = `${first.name} is chain ${chain.chainId}, but ${other.name} is chain ${identity.chainId}`;
    throw new UserError("wrong-chain", both, { remedy });
  }
  if (identity.genesis !== chain.genesis) {
    const both = `${first.name} and ${other.name} are both chain ${chain.chainId}, but with different first blocks`;
    throw new UserError("wrong-chain", both, { remedy });
  }
  other.isVerified = true;
}

function answerTo(answers: readonly Answer[], id: number): Answer {
  const answer = answers.find((one) => one.id === id);
  // One error for all questions together has no id of theirs.
  if (answer === undefined) throw new Unanswered("it did not answer all that it was asked");
  return answer;
}

function quantity(answers: readonly Answer[], id: number): number {
  const answer = answerTo(answers, id);
  const value = "result" in answer ? Number(answer.result as unknown) : Number.NaN;
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new Unanswered(id === CHAIN_ID ? "it did not tell its chain's id" : "it did not tell its latest block");
  }
  return value;
}

function genesisIn(answers: readonly Answer[]): string {
  const answer = answerTo(answers, GENESIS);
  const block = "result" in answer ? (answer.result as { hash?: unknown } | null) : null;
  if (typeof block?.hash !== "string") throw new Unanswered("it does not know the chain's first block");
  return block.hash;
}
