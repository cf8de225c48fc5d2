import { setTimeout as sleep } from "node:timers/promises";

import { JsonRpcProvider, Network, type FetchRequest, type JsonRpcPayload, type JsonRpcResult } from "ethers";

import { UserError } from "../errors.ts";
import { blockIn, isRefusal, isVerdict } from "./answers.ts";
import { broadcast } from "./broadcast.ts";
import { reasonOf } from "./errors.ts";
import { firstOf } from "./first-of.ts";
import { ranking } from "./health.ts";
import { pollingIntervalOn } from "./networks.ts";
import { ForeignChain, noneAnswers, type Answer, type ChainIdentity, type Reply, type Upstream } from "./upstream.ts";

/** Where it is told which endpoint is used and which are not. A logger of pino's is one. */
export interface EndpointLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface FailoverOptions {
  readonly log?: EndpointLog | undefined;
  /** An endpoint that is silent for this long is not waited for alone. Default 2 000. */
  readonly patienceMilliseconds?: number;
  /** How often all endpoints are compared, at most. Default 15 000. */
  readonly compareMilliseconds?: number;
  /** How long a question waits for endpoints that are behind what was seen before. Default 15 000. */
  readonly catchUpMilliseconds?: number;
  /** After this, a block that no endpoint has any more is given up. Default 60 000. */
  readonly giveUpMilliseconds?: number;
}

/** An endpoint that says it has fewer blocks than before, for this many polling intervals, has seen a reorganisation. */
const INTERVALS_BEFORE_REORGANISED = 3;

/** What came of asking the endpoints once around. */
interface Around {
  /** Answers of an endpoint that would not answer something that another might. */
  refused: { readonly by: Upstream; readonly reply: Reply } | undefined;
  readonly behind: { readonly upstream: Upstream; readonly height: number }[];
  readonly reasons: string[];
}

interface Answered {
  readonly by: Upstream;
  readonly reply: Reply;
}

/**
 * Several endpoints of one chain as one. Questions go to the best endpoint, and to the next where it fails, is slow, or
 * has fewer blocks than were seen before; transactions go to all. What nobody answers is a UserError `rpc`.
 */
export class Failover extends JsonRpcProvider {
  readonly #upstreams: readonly Upstream[];
  readonly #chain: ChainIdentity;
  readonly #log: EndpointLog | undefined;
  readonly #patience: number;
  readonly #compareEvery: number;
  readonly #catchUp: number;
  readonly #giveUp: number;
  #current: Upstream | undefined;
  /** The highest block that an answer was of: no later answer is of less. */
  #seen = 0;
  #behindSince: number | undefined;
  #comparedAt = 0;

  /** @param request of the first endpoint: ethers wants one, and does not use it */
  constructor(request: FetchRequest, upstreams: readonly Upstream[], chain: ChainIdentity, options: FailoverOptions) {
    const network = Network.from(chain.chainId);
    super(request, network, {
      staticNetwork: network,
      pollingInterval: pollingIntervalOn(chain.chainId),
      cacheTimeout: -1,
    });
    this.#upstreams = upstreams;
    this.#chain = chain;
    this.#log = options.log;
    this.#patience = options.patienceMilliseconds ?? 2_000;
    this.#compareEvery = options.compareMilliseconds ?? 15_000;
    this.#catchUp = options.catchUpMilliseconds ?? 15_000;
    this.#giveUp = options.giveUpMilliseconds ?? 60_000;
  }

  override async _send(payload: JsonRpcPayload | JsonRpcPayload[]): Promise<JsonRpcResult[]> {
    const payloads = [payload].flat();
    const isTransaction = ({ method }: JsonRpcPayload) => method === "eth_sendRawTransaction";
    const questions = payloads.filter((one) => !isTransaction(one));
    void this.#compare();
    const answers = await Promise.all([
      questions.length === 0 ? [] : this.#ask(questions),
      ...payloads.filter(isTransaction).map((transaction) => this.#broadcast(transaction)),
    ]);
    // Errors are among what ethers takes for results.
    return answers.flat() as JsonRpcResult[];
  }

  override destroy(): void {
    super.destroy();
    for (const upstream of this.#upstreams) upstream.cancel();
  }

  async #ask(questions: readonly JsonRpcPayload[]): Promise<readonly Answer[]> {
    const until = Date.now() + this.#catchUp;
    for (;;) {
      const around: Around = { refused: undefined, behind: [], reasons: [] };
      const attempts = this.#inOrder().map((upstream) => () => this.#attempt(upstream, questions, around));
      const answered = (await firstOf(attempts, this.#patience)) ?? around.refused;
      if (answered) {
        // Another would answer what this one would not.
        if (around.refused && around.refused !== answered) this.#fail(around.refused.by, "it refuses a question");
        return this.#take(answered, questions);
      }
      if (around.behind.length === 0 || Date.now() > until || this.destroyed) throw this.#unanswered(around);
      this.#acceptReorganisation(around);
      await sleep(this.pollingInterval);
    }
  }

  /** Asks one endpoint; gives nothing where another should be asked. */
  async #attempt(
    upstream: Upstream,
    questions: readonly JsonRpcPayload[],
    around: Around,
  ): Promise<Answered | undefined> {
    const reply = await this.#replyOf(upstream, questions, around.reasons);
    if (reply === undefined) return undefined;
    const answered = { by: upstream, reply };
    if (reply.height >= this.#seen && reply.results.some((answer) => isRefusal(answer) && !isVerdict(answer))) {
      around.refused ??= answered;
      return undefined;
    }
    upstream.answer(reply.milliseconds);
    if (reply.height < this.#seen) {
      around.behind.push({ upstream, height: reply.height });
      return undefined;
    }
    return answered;
  }

  async #replyOf(upstream: Upstream, questions: readonly JsonRpcPayload[], reasons: string[]) {
    try {
      return await upstream.ask(questions, this.#chain);
    } catch (error) {
      reasons.push(`${upstream.name}: ${reasonOf(error)}`);
      this.#fail(upstream, error);
      return undefined;
    }
  }

  #take({ by, reply }: Answered, questions: readonly JsonRpcPayload[]): readonly Answer[] {
    const proven = questions.map((question, place) => {
      const answer = reply.results[place];
      return answer === undefined ? 0 : blockIn(question, answer);
    });
    this.#seen = Math.max(this.#seen, reply.height, ...proven);
    this.#behindSince = undefined;
    if (by !== this.#current) {
      const before = this.#current?.name;
      if (before !== undefined) this.#log?.info({ endpoint: by.name, before }, "now asking another endpoint");
      this.#current = by;
    }
    return reply.results;
  }

  /** Goes back where an endpoint itself says for a while that it has less than before, or nobody has more. */
  #acceptReorganisation({ behind }: Around): void {
    const now = Date.now();
    this.#behindSince ??= now;
    const settled = INTERVALS_BEFORE_REORGANISED * this.pollingInterval;
    const reorganised = behind.find(
      ({ upstream: { peak, belowPeakSince } }) =>
        peak >= this.#seen && belowPeakSince !== undefined && now - belowPeakSince >= settled,
    );
    const isGone = now - this.#behindSince >= this.#giveUp;
    const highest = behind.reduce((a, b) => (b.height > a.height ? b : a), behind[0] ?? { height: 0 });
    const { height } = reorganised ?? highest;
    if (reorganised === undefined && !isGone) return;
    this.#log?.warn({ from: this.#seen, to: height }, "the chain was reorganised: it goes back to an earlier block");
    this.#seen = height;
    this.#behindSince = undefined;
    for (const { upstream, height: own } of behind) upstream.acceptHeight(own);
  }

  /** Passes a transaction on to every endpoint that does not rest, whatever block it has. */
  async #broadcast(transaction: JsonRpcPayload): Promise<readonly Answer[]> {
    const now = Date.now();
    const inOrder = this.#inOrder();
    const awake = inOrder.filter(({ health }) => health.restsUntil <= now);
    const reasons: string[] = [];
    const answer = await broadcast(awake.length > 0 ? awake : inOrder, transaction, (upstream, error) => {
      reasons.push(`${upstream.name}: ${reasonOf(error)}`);
      this.#fail(upstream, error);
    });
    if (answer === undefined) throw this.#unanswered({ refused: undefined, behind: [], reasons });
    return [answer];
  }

  /** Asks all that do not rest for their latest block, and notes who is behind. Never fails. */
  async #compare(): Promise<void> {
    const now = Date.now();
    if (now - this.#comparedAt < this.#compareEvery) return;
    this.#comparedAt = now;
    const awake = this.#left().filter(({ health }) => health.restsUntil <= now);
    const heights = await Promise.all(
      awake.map(async (upstream) => {
        const wasOut = upstream.health.failuresInARow > 0;
        const reply = await this.#replyOf(upstream, [], []);
        if (reply) upstream.answer(reply.milliseconds);
        if (reply && wasOut) this.#log?.info({ endpoint: upstream.name }, "this endpoint answers, and may be used");
        return reply?.height;
      }),
    );
    const best = Math.max(0, ...heights.map((height) => height ?? 0));
    awake.forEach((upstream, place) => {
      const height = heights[place];
      if (height !== undefined) upstream.health = { ...upstream.health, behind: best - height };
    });
  }

  #left(): Upstream[] {
    return this.#upstreams.filter(({ isForeign }) => !isForeign);
  }

  /**
   * The endpoints in the order in which they are asked.
   * @throws UserError `wrong-chain` when all turned out to be another chain's
   */
  #inOrder(): Upstream[] {
    const left = this.#left();
    if (left.length === 0) {
      throw new UserError("wrong-chain", `no endpoint is of chain ${this.#chain.chainId} any more`, {
        remedy: "give endpoints of the right chain with --rpc",
      });
    }
    const healths = left.map(({ health }) => health);
    const current = left.findIndex((upstream) => upstream === this.#current);
    return ranking(healths, current, Date.now()).flatMap((place) => left[place] ?? []);
  }

  #fail(upstream: Upstream, error: unknown): void {
    if (this.destroyed || upstream.isForeign) return;
    const fields = { endpoint: upstream.name, why: typeof error === "string" ? error : reasonOf(error) };
    if (error instanceof ForeignChain) {
      upstream.isForeign = true;
      this.#log?.warn(fields, "this endpoint is another chain's: it is not asked any more");
      return;
    }
    // Once for a failure that lasts.
    if (upstream.health.failuresInARow === 0) this.#log?.warn(fields, "this endpoint fails: others stand in for it");
    upstream.fail(Date.now());
  }

  #unanswered({ behind, reasons }: Around): UserError {
    const lagging = behind.map(
      ({ upstream, height }) => `${upstream.name}: it has block ${height} only, of ${this.#seen} seen`,
    );
    return noneAnswers(this.#left().length, [...reasons, ...lagging]);
  }
}
