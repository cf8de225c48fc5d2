/** Scores on the ledger are int64 in millionths of the manifest's metric. */
const SCALE = 1e6;
const MAX = (1n << 63n) - 1n;
const MIN = -(1n << 63n);

/** A score as the ledger keeps it; what is not a number, or too large for it, becomes its lowest or highest value. */
export function toScore(score: number): bigint {
  if (Number.isNaN(score)) return MIN;
  const scaled = Math.round(score * SCALE);
  if (scaled >= Number(MAX)) return MAX;
  if (scaled <= Number(MIN)) return MIN;
  return BigInt(scaled);
}

export function fromScore(score: bigint): number {
  return score === MIN ? Number.NaN : Number(score) / SCALE;
}
