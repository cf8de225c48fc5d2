import { randomFrom } from "../../../src/learning/random.ts";
import type { Samples } from "../../../src/learning/samples.ts";

/** Four random bytes a sample; the class says which of the first three is the largest. */
export function tinySamples(count: number, seed: number): Samples {
  const random = randomFrom("tiny", seed);
  const inputs = Uint8Array.from({ length: 4 * count }, () => random.below(256));
  const targets = Uint8Array.from({ length: count }, (_, row) => {
    const [a = 0, b = 0, c = 0] = inputs.subarray(4 * row);
    return a >= b && a >= c ? 0 : b >= c ? 1 : 2;
  });
  return { shape: [4], inputs, scale: 1 / 255, targets };
}
