/**
 * Who should have been selected, worked out again from what the contract says it mixed into the seed: the mirror of
 * `contracts/libraries/Lots.sol`.
 */
import { concat, keccak256, toBeHex, ZeroHash } from "ethers";

import { has, type MixedSeed } from "../ledger/types.ts";

function mix(seed: string, entropy: string): string {
  return keccak256(concat([seed, entropy]));
}

/** The index with the lowest lot, of a set that is not empty. */
export function draw(seed: string, set: bigint): number {
  let drawn = -1;
  let least = "";
  for (let index = 0; index < 256; index++) {
    if (!has(set, index)) continue;
    // All are 32 bytes in lower-case hex: as texts they are in the order of the numbers.
    const lot = keccak256(concat([seed, toBeHex(index, 32)]));
    if (drawn < 0 || lot <= least) [least, drawn] = [lot, index];
  }
  return drawn;
}

/** The next index in a set that is not empty, in a circle: after the highest comes the lowest. */
export function nextAfter(set: bigint, index: number): number {
  for (let step = 1; step <= 256; step++) {
    const next = (index + step) % 256;
    if (has(set, next)) return next;
  }
  return -1;
}

/** What the seed was when each round opened, by round; and where a seed does not follow from the one before. */
export function replaySeeds(mixed: readonly MixedSeed[]): { seeds: Map<number, string>; broken: number[] } {
  const seeds = new Map<number, string>();
  const broken: number[] = [];
  let seed = ZeroHash;
  for (const { round, entropy, seed: told } of mixed) {
    seed = mix(seed, entropy);
    if (seed !== told) broken.push(round);
    seeds.set(round + 1, seed);
  }
  return { seeds, broken };
}

/** Whether each link that a learner revealed hashes to the one that it revealed before. */
export function linksFollow(links: readonly string[]): boolean {
  return links.every((link, at) => at === 0 || keccak256(link) === links[at - 1]);
}
