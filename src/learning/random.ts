/**
 * Seeded random numbers that are the same on every machine and after every restart. Never for secrets.
 */
import { createHash } from "node:crypto";

export interface Random {
  /** Uniform in [0, 1), with 32 random bits. */
  next(): number;
  /** A uniform integer in [0, bound), for 1 <= bound <= 2^32. */
  below(bound: number): number;
}

/**
 * A stream of random numbers that depends on the parts of its name only: `randomFrom("batches", seed, round)` gives the
 * numbers of that round whatever was drawn before. The name is hashed to the 128 bits of an sfc32 state
 * (Chris Doty-Humphrey's PractRand generator).
 */
export function randomFrom(...name: readonly (string | number)[]): Random {
  const digest = createHash("sha256").update(JSON.stringify(name)).digest();
  let a = digest.readInt32LE(0);
  let b = digest.readInt32LE(4);
  let c = digest.readInt32LE(8);
  let counter = digest.readInt32LE(12);
  const bits = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return sum >>> 0;
  };
  const below = (bound: number): number => {
    // Numbers past the last whole multiple of the bound would favour the small results.
    const limit = 2 ** 32 - (2 ** 32 % bound);
    let drawn = bits();
    while (drawn >= limit) drawn = bits();
    return drawn % bound;
  };
  return { next: () => bits() / 2 ** 32, below };
}

/** Puts the numbers in random order, in place (Fisher and Yates), and returns them. */
export function shuffle(numbers: Uint32Array, random: Random): Uint32Array {
  for (let last = numbers.length - 1; last > 0; last--) {
    const other = random.below(last + 1);
    const moved = numbers[last] ?? 0;
    numbers[last] = numbers[other] ?? 0;
    numbers[other] = moved;
  }
  return numbers;
}

/** The numbers 0 … count-1 in random order. */
export function permutation(count: number, random: Random): Uint32Array {
  return shuffle(
    Uint32Array.from({ length: count }, (_, index) => index),
    random,
  );
}
