/**
 * A learner in a worker thread, behind the same interface: the thread that serves weights, watches blocks and answers
 * health checks is never the one that trains.
 */
import { ColearnError } from "../../errors.ts";
import type { Weights } from "../../weights/weights.ts";
import type { Evaluation, MachineLearningInterface, Model, PrivacyCost, WorkOptions } from "../interface.ts";
import { Connection } from "./connection.ts";

/** The part of a logger that is used here. */
export interface WorkerLog {
  warn(message: string): void;
}

export interface WorkerLearnerOptions {
  /** The worker's entry, a module that calls `serveLearner`. */
  readonly module: URL;
  /** What the entry makes its learner from: anything that structured cloning takes. */
  readonly options: unknown;
  /** Stops the thread at once, in the middle of whatever it does; every call then ends with `aborted`. */
  readonly signal?: AbortSignal | undefined;
  readonly logger?: WorkerLog | undefined;
}

export interface WorkerLearner extends MachineLearningInterface {
  /** What the worker's entry told of its learner. */
  readonly info: unknown;
}

/**
 * Starts the thread and waits until its learner is there.
 *
 * A thread that ends unasked fails the calls in hand with `learner-crashed`; the next call starts another one, which
 * first takes up the weights accepted last. (They are kept by reference: do not change or move accepted weights.)
 * A call's own signal stops that call between two batches and leaves the learner as it was.
 * @throws what making the learner threw, or ColearnError `learner-crashed` or `aborted`
 */
export async function startWorkerLearner(options: WorkerLearnerOptions): Promise<WorkerLearner> {
  const { module, options: learnerOptions, signal } = options;
  const { connection, info } = await Connection.open(module, learnerOptions, signal);
  return new RestartingLearner(options, connection, info);
}

class RestartingLearner implements WorkerLearner {
  readonly info: unknown;
  readonly #options: WorkerLearnerOptions;
  #connection: Connection;
  #restart: Promise<Connection> | undefined;
  #accepted: Weights | undefined;
  #disposed = false;

  constructor(options: WorkerLearnerOptions, connection: Connection, info: unknown) {
    this.#options = options;
    this.#connection = connection;
    this.info = info;
  }

  async proposeWeights(round: number, work?: WorkOptions): Promise<Weights> {
    return (await (await this.#live()).call("proposeWeights", round, work)) as Weights;
  }

  async testWeights(weights: Weights, work?: WorkOptions): Promise<Evaluation> {
    return (await (await this.#live()).call("testWeights", weights, work)) as Evaluation;
  }

  async acceptWeights(weights: Weights, work?: WorkOptions): Promise<void> {
    await (await this.#live()).call("acceptWeights", weights, work);
    this.#accepted = weights;
  }

  async currentWeights(): Promise<Weights> {
    return (await (await this.#live()).call("currentWeights", undefined)) as Weights;
  }

  async currentModel(): Promise<Model> {
    return (await (await this.#live()).call("currentModel", undefined)) as Model;
  }

  async privacyCost(): Promise<PrivacyCost | undefined> {
    return (await (await this.#live()).call("privacyCost", undefined)) as PrivacyCost | undefined;
  }

  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    await this.#restart?.catch(() => undefined);
    try {
      if (this.#connection.alive) await this.#connection.call("dispose", undefined);
    } finally {
      await this.#connection.close();
    }
  }

  /** The thread, started again if it has crashed; calls at the same time share one start. */
  async #live(): Promise<Connection> {
    if (this.#disposed) throw new ColearnError("learner-disposed", "the learner was disposed of");
    if (this.#restart === undefined && this.#connection.alive) return this.#connection;
    this.#restart ??= this.#startAgain().finally(() => (this.#restart = undefined));
    return this.#restart;
  }

  async #startAgain(): Promise<Connection> {
    const { module, options, signal, logger } = this.#options;
    logger?.warn("the learner's worker thread is gone: starting it again");
    const { connection } = await Connection.open(module, options, signal);
    // From here on dispose() finds the thread, whatever comes.
    this.#connection = connection;
    try {
      if (this.#accepted !== undefined) await connection.call("acceptWeights", this.#accepted);
    } catch (error) {
      // A thread with other weights than the accepted ones must not answer.
      await connection.close();
      throw error;
    }
    return connection;
  }
}
