import { statfs } from "node:fs/promises";
import { monitorEventLoopDelay } from "node:perf_hooks";

import { formatEther } from "ethers";
import type { Logger } from "pino";

import type { Ledger } from "../../ledger/ledger.ts";
import { isFinal, type Snapshot } from "../../ledger/types.ts";
import type { Store } from "../../storage/store.ts";
import { formatContentId } from "../../weights/content-id.ts";
import type { Emit, NodeEvent } from "../events.ts";
import { announceLabels, createMetrics, type Metrics } from "./metrics.ts";
import { observeEvent, observeSnapshot, observeTransaction, type FinalTransaction } from "./observe.ts";
import { notReady, type Condition } from "./readiness.ts";
import { Sample } from "./sample.ts";
import { serveHttp, type Answer, type HttpAddress, type OperationServer } from "./server.ts";

/** How old a balance may be that is told, and how long a scrape waits for a new one. */
const BALANCE = { maxAgeMilliseconds: 15_000, patienceMilliseconds: 2_000 };
/** Every block's file is looked at for this. */
const DISK = { maxAgeMilliseconds: 60_000, patienceMilliseconds: 2_000 };
/** The event loop does not turn where half of its turns come later than this. */
const STUCK_MILLISECONDS = 1_000;
/** The delay of the event loop is that of the last one or two of these. */
const DELAY_PERIOD_MILLISECONDS = 10_000;

export interface OperationOptions {
  /** A relay has no learner. */
  readonly kind: "node" | "relay";
  readonly version: string;
  readonly log: Logger;
  /** Ends the process after the step in hand: then it is no more ready. */
  readonly stopping: AbortSignal;
}

/** What a process tells its operator about itself, over HTTP: is told what happens, and asks for nothing unasked. */
export class Operation {
  readonly #options: OperationOptions;
  readonly #metrics: Metrics = createMetrics();
  #self: string | undefined;
  #store: Store | undefined;
  /** By what they are of: a node that begins again has another store. */
  readonly #samples = new Map<string, () => Promise<void>>();
  #chainSeen: number | undefined;
  #finished = false;
  #learnerStarted = false;
  #held: string | undefined;
  #behindSince: number | undefined;
  #failing: string | undefined;
  #rendering: Promise<string> | undefined;

  constructor(options: OperationOptions) {
    this.#options = options;
    this.#metrics.version.set({ version: options.version }, 1);
    if (options.kind === "node") announceLabels(this.#metrics);
  }

  /**
   * Answers `/healthz`, `/readyz` and `/metrics` until it is disposed of.
   * @throws UserError `http` where it cannot listen there
   */
  async serve(address: HttpAddress): Promise<OperationServer> {
    const delay = monitorEventLoopDelay({ resolution: 20 });
    delay.enable();
    const period = setInterval(() => delay.reset(), DELAY_PERIOD_MILLISECONDS).unref();
    const server = await serveHttp(
      address,
      new Map([
        ["/healthz", async () => health(delay.percentile(50) / 1e6)],
        ["/readyz", async () => this.#readiness()],
        ["/metrics", async () => this.#exposition()],
      ]),
    );
    this.#options.log.info({ http: server.url }, "answering /healthz, /readyz and /metrics");
    return {
      url: server.url,
      async [Symbol.asyncDispose]() {
        clearInterval(period);
        delay.disable();
        await server[Symbol.asyncDispose]();
      },
    };
  }

  /** Whose account is watched. */
  watchAccount({ provider }: Ledger, account: string): void {
    this.#self = account;
    const sample = new Sample(() => provider.getBalance(account), BALANCE);
    this.#samples.set("balance", async () => {
      const balance = await sample.read();
      if (balance !== undefined) this.#metrics.balance.set(Number(formatEther(balance)));
    });
  }

  /** @param home the folder on whose disk the store is */
  watchStore(store: Store, home: string): void {
    this.#store = store;
    const size = new Sample(() => store.size(), DISK);
    const free = new Sample(async () => {
      const { bavail, bsize } = await statfs(home);
      return bavail * bsize;
    }, DISK);
    this.#samples.set("store", async () => {
      const bytes = await size.read();
      if (bytes !== undefined) this.#metrics.storeBytes.set(bytes);
    });
    this.#samples.set("disk", async () => {
      const bytes = await free.read();
      if (bytes !== undefined) this.#metrics.diskFree.set(bytes);
    });
  }

  /** @param learner what it has spent is told at each scrape */
  watchPrivacy(learner: { readonly epsilon: number; readonly limit: { readonly epsilon: number } }): void {
    this.#metrics.epsilonLimit.set(learner.limit.epsilon);
    this.#samples.set("privacy", async () => {
      this.#metrics.epsilon.set(learner.epsilon);
    });
  }

  /** Has all that a node tells counted on its way. */
  listenTo(emit: Emit): Emit {
    return (event) => {
      this.#hear(event);
      emit(event);
    };
  }

  /** The ledger has said how the experiment stands. */
  readonly see = (snapshot: Snapshot): void => {
    this.#chainSeen = Date.now();
    this.#finished = isFinal(snapshot.status);
    this.#metrics.chainSeen.set(Math.floor(this.#chainSeen / 1000));
    observeSnapshot(this.#metrics, snapshot);
    this.#compare(formatContentId(snapshot.weights));
  };

  readonly countTransaction = (transaction: FinalTransaction): void => {
    observeTransaction(this.#metrics, transaction);
  };

  #hear(event: NodeEvent): void {
    observeEvent(this.#metrics, event, this.#self);
    if (event.event === "ready") this.#learnerStarted = true;
    if (event.event === "failed") this.#failing = event.code;
    if (event.event === "recovered") this.#failing = undefined;
    if (event.event === "synchronised") {
      this.#held = event.weights;
      this.#behindSince = undefined;
    }
  }

  #compare(current: string): void {
    if (this.#held === current) this.#behindSince = undefined;
    else this.#behindSince ??= Date.now();
  }

  #condition(): Condition {
    const learner = {
      started: this.#learnerStarted,
      synchronised: this.#held !== undefined,
      behindSince: this.#behindSince,
      failing: this.#failing,
    };
    return {
      stopping: this.#options.stopping.aborted,
      storeOpen: this.#store !== undefined,
      chainSeen: this.#chainSeen,
      finished: this.#finished,
      learner: this.#options.kind === "node" ? learner : undefined,
    };
  }

  #readiness(): Answer {
    const reasons = notReady(this.#condition(), Date.now());
    return json(reasons.length === 0 ? 200 : 503, { ready: reasons.length === 0, reasons });
  }

  async #exposition(): Promise<Answer> {
    // Who asks at the same time gets the same answer.
    this.#rendering ??= this.#render().finally(() => (this.#rendering = undefined));
    const body = await this.#rendering;
    return { status: 200, type: this.#metrics.registry.contentType, body };
  }

  async #render(): Promise<string> {
    await Promise.all([...this.#samples.values()].map((sample) => sample()));
    this.#metrics.ready.set(Number(notReady(this.#condition(), Date.now()).length === 0));
    return this.#metrics.registry.metrics();
  }
}

/** That it answers at all is most of it. */
function health(delayMilliseconds: number): Answer {
  const turns = !(delayMilliseconds > STUCK_MILLISECONDS);
  const eventLoop = { medianDelayMilliseconds: Number.isFinite(delayMilliseconds) ? Math.round(delayMilliseconds) : 0 };
  return json(turns ? 200 : 503, { alive: turns, uptimeSeconds: Math.round(process.uptime()), eventLoop });
}

function json(status: number, body: unknown): Answer {
  return { status, type: "application/json", body: `${JSON.stringify(body)}\n` };
}
