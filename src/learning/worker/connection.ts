/** One worker thread, from its start to its end. */
import { Worker } from "node:worker_threads";

import { ColearnError } from "../../errors.ts";
import { abortedError, throwIfAborted } from "../abort.ts";
import type { OnProgress, WorkOptions } from "../interface.ts";
import type { FromWorker, Method, ToWorker } from "./protocol.ts";
import { restoreError } from "./protocol.ts";

interface PendingCall {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly onProgress: OnProgress | undefined;
}

export class Connection {
  readonly #worker: Worker;
  readonly #pending = new Map<number, PendingCall>();
  readonly #ready: Promise<unknown>;
  readonly #exited: Promise<unknown>;
  /** Settle `#ready`; later calls have no effect. */
  #announce: (info: unknown) => void = () => undefined;
  #giveUp: (reason: Error) => void = () => undefined;
  #lastId = 0;
  /** Why the worker is gone; undefined while it lives. */
  #end: Error | undefined;

  private constructor(module: URL, options: unknown) {
    this.#worker = new Worker(module, { workerData: options });
    this.#exited = new Promise((resolve) => this.#worker.once("exit", resolve));
    this.#ready = new Promise((resolve, reject) => {
      this.#announce = resolve;
      this.#giveUp = reject;
    });
    this.#worker.on("message", (message: FromWorker) => this.#receive(message));
    this.#worker.on("messageerror", (error: Error) => this.#finish(crash("sent what cannot be read", error)));
    this.#worker.on("error", (error: unknown) => this.#finish(crash(String(error), error)));
    this.#worker.on("exit", (code) => this.#finish(crash(`exited with code ${code}`)));
  }

  /**
   * Starts a worker and waits until its learner is there.
   * @throws what making the learner threw, or ColearnError `learner-crashed` or `aborted`
   */
  static async open(
    module: URL,
    options: unknown,
    signal?: AbortSignal,
  ): Promise<{ connection: Connection; info: unknown }> {
    throwIfAborted(signal);
    const connection = new Connection(module, options);
    const stop = (): void => void connection.close(signal ? abortedError(signal) : undefined);
    signal?.addEventListener("abort", stop, { once: true });
    connection.#worker.once("exit", () => signal?.removeEventListener("abort", stop));
    try {
      return { connection, info: await connection.#ready };
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  get alive(): boolean {
    return this.#end === undefined;
  }

  /** Calls the learner. Its own errors come through; a worker that ends first gives `learner-crashed` or `aborted`. */
  async call(method: Method, argument: unknown, { signal, onProgress }: WorkOptions = {}): Promise<unknown> {
    throwIfAborted(signal);
    if (this.#end !== undefined) throw this.#end;
    const id = ++this.#lastId;
    const abort = (): void => this.#post({ type: "abort", id });
    signal?.addEventListener("abort", abort, { once: true });
    try {
      return await new Promise((resolve, reject) => {
        this.#pending.set(id, { resolve, reject, onProgress });
        this.#post({ type: "call", id, method, argument });
      });
    } finally {
      signal?.removeEventListener("abort", abort);
      this.#pending.delete(id);
    }
  }

  /** Stops the thread at once; whatever it was doing ends with the reason. */
  async close(reason: Error = new ColearnError("learner-disposed", "the learner was disposed of")): Promise<void> {
    this.#finish(reason);
    await this.#worker.terminate();
    await this.#exited;
  }

  #post(message: ToWorker): void {
    // Copied, not moved: the weights are still the caller's.
    this.#worker.postMessage(message);
  }

  #receive(message: FromWorker): void {
    switch (message.type) {
      case "ready": {
        this.#announce(message.info);
        return;
      }
      case "failed": {
        this.#finish(restoreError(message.error));
        return;
      }
      case "result":
        return this.#pending.get(message.id)?.resolve(message.value);
      case "error":
        return this.#pending.get(message.id)?.reject(restoreError(message.error));
      case "progress":
        return this.#pending.get(message.id)?.onProgress?.(message.done, message.total);
    }
  }

  #finish(reason: Error): void {
    this.#end ??= reason;
    this.#giveUp(this.#end);
    for (const { reject } of this.#pending.values()) reject(this.#end);
  }
}

function crash(what: string, cause?: unknown): ColearnError {
  return new ColearnError(
    "learner-crashed",
    `the learner's worker thread ${cause === undefined ? what : `failed: ${what}`}`,
    {
      cause,
      remedy: "the next call starts it again from the last accepted weights",
    },
  );
}
