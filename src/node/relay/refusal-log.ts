import type { Logger } from "pino";

/** A peer's refusals for one reason are a line in so long. */
const MILLISECONDS = 60_000;
/** Whose refusals are counted: peers cost nothing. */
const MAX_COUNTED = 1_000;

interface Counted {
  since: number;
  /** Refusals since the last line. */
  untold: number;
}

/** Writes down what a relay refuses: whoever asks for nonsense again and again does not fill the disk. */
export class RefusalLog {
  readonly #log: Logger;
  readonly #counted = new Map<string, Counted>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** @param now milliseconds */
  add(peer: string, code: string, reason: string, now: number = performance.now()): void {
    const key = `${peer} ${code}`;
    const counted = this.#counted.get(key);
    if (counted && now - counted.since < MILLISECONDS) {
      counted.untold++;
      return;
    }
    const untold = counted?.untold ?? 0;
    this.#log.warn({ peer, code, ...(untold > 0 ? { untold } : {}) }, `not relayed: ${reason}`);
    // The oldest first.
    this.#counted.delete(key);
    this.#counted.set(key, { since: now, untold: 0 });
    const [oldest] = this.#counted.keys();
    if (oldest !== undefined && this.#counted.size > MAX_COUNTED) this.#counted.delete(oldest);
  }
}
