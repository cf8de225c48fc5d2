import { setTimeout as sleep } from "node:timers/promises";

/**
 * A value that has to be asked for, at most every so often, by one question at a time. Who reads it does not wait long:
 * then it is the value before.
 */
export class Sample<T> {
  readonly #ask: () => Promise<T>;
  readonly #maxAgeMilliseconds: number;
  readonly #patienceMilliseconds: number;
  #value: T | undefined;
  #askedAt = -Infinity;
  #asking: Promise<void> | undefined;

  constructor(
    ask: () => Promise<T>,
    { maxAgeMilliseconds, patienceMilliseconds }: { maxAgeMilliseconds: number; patienceMilliseconds: number },
  ) {
    this.#ask = ask;
    this.#maxAgeMilliseconds = maxAgeMilliseconds;
    this.#patienceMilliseconds = patienceMilliseconds;
  }

  /** The value; undefined where no question was answered yet. Never throws. */
  async read(): Promise<T | undefined> {
    if (this.#asking === undefined && performance.now() - this.#askedAt >= this.#maxAgeMilliseconds) {
      this.#asking = this.#ask()
        .then(
          (value) => {
            this.#value = value;
          },
          // What cannot be asked for now stays what it was.
          () => undefined,
        )
        .finally(() => {
          this.#askedAt = performance.now();
          this.#asking = undefined;
        });
    }
    if (this.#asking !== undefined) {
      const enough = new AbortController();
      const late = sleep(this.#patienceMilliseconds, undefined, { signal: enough.signal }).catch(() => undefined);
      await Promise.race([this.#asking, late]);
      enough.abort();
    }
    return this.#value;
  }
}
