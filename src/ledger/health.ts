/** How well an endpoint does, compared with the others. Plain values: what changes them gives a new one. */
export interface Health {
  /** Milliseconds that answers took lately, as a moving average. */
  readonly latency: number;
  /** From 0, where it always answers, to 1, where it never does; a moving average. */
  readonly failureRate: number;
  readonly failuresInARow: number;
  /** Blocks that it was behind the best endpoint when they were compared last. */
  readonly behind: number;
  /** Until then (milliseconds since 1970) it is asked only if no other is left. */
  readonly restsUntil: number;
}

/** Weight of the newest observation in a moving average. */
const NEWEST = 0.3;
/** A failure rate of 1 is as bad as answers that take this long, milliseconds. */
const FAILURE_COST = 5_000;
/** A block behind is as bad as answers that take this much longer, milliseconds. */
const BLOCK_COST = 300;
/** The best endpoint must be better by this much before it takes over: otherwise two alike would take turns. */
const STICKINESS = 500;
const FIRST_REST = 1_000;
const LONGEST_REST = 60_000;

export const UNTRIED: Health = { latency: 0, failureRate: 0, failuresInARow: 0, behind: 0, restsUntil: 0 };

/** After an answer. @param milliseconds that it took */
export function answered(health: Health, milliseconds: number): Health {
  const latency = health.latency === 0 ? milliseconds : average(health.latency, milliseconds);
  return { ...health, latency, failureRate: average(health.failureRate, 0), failuresInARow: 0, restsUntil: 0 };
}

/** After a failure at a time: it rests, each time in a row twice as long, from 1 s up to a minute. */
export function failed(health: Health, now: number): Health {
  const rest = Math.min(FIRST_REST * 2 ** health.failuresInARow, LONGEST_REST);
  return {
    ...health,
    failureRate: average(health.failureRate, 1),
    failuresInARow: health.failuresInARow + 1,
    restsUntil: now + rest,
  };
}

/** The lower the better: milliseconds, with failures and missing blocks converted into them. */
function cost({ latency, failureRate, behind }: Health): number {
  return latency + FAILURE_COST * failureRate + BLOCK_COST * behind;
}

/**
 * The order in which endpoints are asked: the one in use as long as none is clearly better, then the best; those that
 * rest come last, the one that rested longest first.
 * @param current place of the one in use
 * @returns places
 */
export function ranking(healths: readonly Health[], current: number, now: number): number[] {
  const rest = ({ restsUntil }: Health) => (restsUntil > now ? restsUntil : 0);
  const effort = (place: number, health: Health) => cost(health) - (place === current ? STICKINESS : 0);
  return healths
    .map((health, place) => ({ place, rest: rest(health), effort: effort(place, health) }))
    .sort((a, b) => a.rest - b.rest || a.effort - b.effort || a.place - b.place)
    .map(({ place }) => place);
}

function average(before: number, newest: number): number {
  return before + NEWEST * (newest - before);
}
