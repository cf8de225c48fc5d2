/** Scores on the ledger are int64 in millionths of the manifest's metric. */
const SCALE = 1e6;
const MAX = (1n << 63n) - 1n;
const MIN = -(1n << 63n);

/** A score as the ledger keeps it: bounded, with the lowest value for what is not a number, as weights refused unread. */
export function toScore(score: number): bigint {
  if (Number.isNaN(score)) return MIN;
  const scaled = Math.round(score * SCALE);
  if (scaled >= Number(MAX)) return MAX;
  // The lowest value stands for what is not a number.
  if (scaled <= Number(MIN)) return MIN + 1n;
  return BigInt(scaled);
}

export function fromScore(score: bigint): number {
  return score === MIN ? Number.NaN : Number(score) / SCALE;
}
