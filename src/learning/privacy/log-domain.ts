/** Sums and error functions of numbers whose logarithms alone fit a double. */

/** log(e^a + e^b). */
export function logAdd(a: number, b: number): number {
  const [low, high] = a < b ? [a, b] : [b, a];
  return low === -Infinity ? high : high + Math.log1p(Math.exp(low - high));
}

/** log(e^a - e^b), where a ≥ b. */
export function logSubtract(a: number, b: number): number {
  return b === -Infinity ? a : a + Math.log1p(-Math.exp(b - a));
}

/** From here up the continued fraction is the better one, and needs no more than its terms below. */
const TAIL = 2;
const TAIL_TERMS = 80;
const LOG_SQRT_PI = Math.log(Math.PI) / 2;

/** log erfc(x), to some 13 digits for any finite x: erfc itself is 0 in a double above 27. */
export function logErfc(x: number): number {
  if (x >= TAIL) return logErfcOfTail(x);
  if (x >= 0) return Math.log1p(-erf(x));
  return x <= -TAIL ? Math.log(2 - Math.exp(logErfcOfTail(-x))) : Math.log1p(erf(-x));
}

/** Abramowitz and Stegun 7.1.14, from its end to its beginning. */
function logErfcOfTail(x: number): number {
  let denominator = x;
  for (let n = TAIL_TERMS; n > 0; n--) denominator = x + n / 2 / denominator;
  return -x * x - LOG_SQRT_PI - Math.log(denominator);
}

/** Abramowitz and Stegun 7.1.6, for 0 ≤ x < 2: all its terms are positive, so that none cancels another. */
function erf(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; term > sum * Number.EPSILON; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}
