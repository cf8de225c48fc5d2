/** Dialling, a handshake and the question for a block take some ten round trips: enough for a peer 150 ms away. */
const LEAST_MILLISECONDS = 2_000;

/**
 * How long a provider may be silent in its turn, in milliseconds. Contacts are strangers' text: however many peers they
 * name, the one that is asked first, which is who made the file, has half of the time, and nobody's turn is too short
 * to be of use. Where there are more turns than time, the last ones are not taken.
 *
 * @param left the time in which some block must come
 * @param turns those left, this one counted
 * @param isFirst whether it is the first turn of the provider that the caller put first
 */
export function patienceOf(left: number, turns: number, isFirst: boolean): number {
  const share = isFirst ? left / Math.min(turns, 2) : left / turns;
  return Math.min(left, Math.max(share, LEAST_MILLISECONDS));
}
