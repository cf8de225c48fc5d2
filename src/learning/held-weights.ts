/**
 * The weights that a learner holds, and its judgement of others. One piece of work at a time: whatever they are tried in (a
 * model's variables) serves one call at a time. Work that is called off, or fails, has changed nothing here.
 */
import { ColearnError } from "../errors.ts";
import { copyWeights, type Weights } from "../weights/weights.ts";
import { throwIfAborted } from "./abort.ts";
import type { Evaluation, Metric, WorkOptions } from "./interface.ts";
import { digestOf, judge, ScoreCache, type Scores } from "./scores.ts";

/** Evaluates weights on all splits, a batch at a time. */
export type Evaluate = (signal: AbortSignal | undefined, onBatch: () => void) => Promise<Scores>;

export interface Trial {
  readonly metric: Metric;
  /** How many batches an evaluation has. */
  readonly batches: number;
  /** @throws ColearnError when the weights are not the model's, before anything is changed */
  prepare(weights: Weights): Evaluate;
}

export class HeldWeights {
  readonly #trial: Trial;
  readonly #scores = new ScoreCache();
  #current: Weights;
  #digest: string;
  #disposed = false;
  /** Ends when the work in hand has. */
  #idle: Promise<unknown> = Promise.resolve();

  /** @param first the first current weights; nobody else changes them */
  constructor(first: Weights, trial: Trial) {
    this.#current = first;
    this.#digest = digestOf(first);
    this.#trial = trial;
  }

  /** The current weights themselves: not to be changed. */
  get current(): Weights {
    return this.#current;
  }

  copy(): Weights {
    return copyWeights(this.#current);
  }

  async test(weights: Weights, work: WorkOptions = {}): Promise<Evaluation> {
    return this.exclusively(work, async () => {
      const evaluate = this.#trial.prepare(weights);
      const digest = digestOf(weights);
      const missing = new Map<string, Evaluate>();
      if (!this.#scores.get(this.#digest)) missing.set(this.#digest, this.#trial.prepare(this.#current));
      if (!this.#scores.get(digest)) missing.set(digest, evaluate);
      const total = missing.size * this.#trial.batches;
      let done = 0;
      for (const [of, scoresOf] of missing) {
        this.#scores.set(of, await scoresOf(work.signal, () => work.onProgress?.(++done, total)));
      }
      const [proposed, current] = [this.#scores.get(digest), this.#scores.get(this.#digest)];
      if (!proposed || !current) throw new Error("the scores that were just computed are not remembered");
      return judge(this.#trial.metric, proposed, current);
    });
  }

  async accept(weights: Weights, work: WorkOptions = {}): Promise<void> {
    return this.exclusively(work, async () => {
      this.#trial.prepare(weights);
      this.#current = copyWeights(weights);
      this.#digest = digestOf(this.#current);
    });
  }

  /** @throws ColearnError `aborted`, or `learner-disposed`, before the action begins */
  exclusively<T>({ signal }: WorkOptions, action: () => Promise<T>): Promise<T> {
    const result = this.#idle.then(() => {
      throwIfAborted(signal);
      if (this.#disposed) throw new ColearnError("learner-disposed", "the learner was disposed of");
      return action();
    });
    this.#idle = result.catch(() => undefined);
    return result;
  }

  /** Refuses all work from now on, waits for the one in hand, and then frees what it was done with, once. */
  async dispose(free: () => void = () => undefined): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    await this.#idle;
    free();
  }
}
