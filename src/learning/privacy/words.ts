/** Random words from the system's cryptographic generator, many drawn at once: a call for each would cost a microsecond. */
import { randomFillSync, randomInt } from "node:crypto";

import type { Random } from "../random.ts";

const pool = new Int32Array(16_384);
let next = pool.length;

/** 32 random bits, as a signed integer. */
export function randomWord(): number {
  if (next === pool.length) {
    randomFillSync(pool);
    next = 0;
  }
  const word = pool[next] ?? 0;
  // What was used must not be found in memory.
  pool[next++] = 0;
  return word;
}

/** Uniform in (0, 1), with 53 random bits. */
export function randomFraction(): number {
  return ((randomWord() >>> 0) * 2 ** 21 + (randomWord() >>> 11) + 0.5) / 2 ** 53;
}

/** Random numbers that nobody can draw again. */
export const secretRandom: Random = {
  next: randomFraction,
  below: (bound) => randomInt(bound),
};
