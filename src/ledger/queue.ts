import { ColearnError } from "../errors.ts";

/** Others' work waits no longer than this: whoever is turned away asks somebody else. */
export const MAX_WAITING = 4;

type Job = () => Promise<void>;

/** Work that is done piece by piece: one's own before others', of which only a little may wait. */
export class Queue {
  readonly #own: Job[] = [];
  readonly #others: Job[] = [];
  #isAtWork = false;

  /** Does work of one's own, before all others' that waits. */
  own<T>(work: () => Promise<T>): Promise<T> {
    return this.#add(this.#own, work);
  }

  /**
   * Does work for others, when there is none of one's own.
   * @throws ColearnError `busy` where too much of it waits
   */
  async others<T>(work: () => Promise<T>): Promise<T> {
    if (this.#others.length >= MAX_WAITING) {
      throw new ColearnError("busy", `${MAX_WAITING} calls of others wait already`, { remedy: "ask again later" });
    }
    return this.#add(this.#others, work);
  }

  #add<T>(jobs: Job[], work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      jobs.push(() => work().then(resolve, reject));
      if (!this.#isAtWork) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#isAtWork = true;
    for (;;) {
      const job = this.#own.shift() ?? this.#others.shift();
      if (job === undefined) break;
      await job();
    }
    this.#isAtWork = false;
  }
}
