/** Who should have been selected, worked out again: the mirror of `contracts/libraries/Lots.sol`. */
import { concat, keccak256, toBeHex } from "ethers";

import { has } from "../ledger/types.ts";

/** The seed with something more in it. */
export function mix(seed: string, entropy: string): string {
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
