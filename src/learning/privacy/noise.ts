/**
 * Gaussian noise from a cryptographic generator, fit to be added to what must stay secret.
 *
 * Floating-point numbers betray: not every double can come out of `value + noise`, and which ones can depends on the value
 * (Mironov, "On significance of the least significant bits for differential privacy", 2012). So sums and noise are both
 * rounded to one grid, and added there, where the sum of two doubles is exact: the results that can come out are the
 * grid's points, whatever the value. Rounding the noise is rounding the result, which costs no privacy; rounding the value
 * moves it by half a step of the grid at most. A step is 2^-25 to 2^-24 of the deviation, while the numbers before
 * rounding lie 2^-50 or closer, so a point's probability is right to about 2^-26 of itself.
 *
 * What is not covered: the time that the generator takes depends a little on the noise (Jin et al., "Are we there yet?
 * Timing and floating-point attacks on differential privacy systems", 2022), and beyond 9 deviations there is no noise.
 */
import { randomFraction, randomWord } from "./words.ts";

const STEPS_PER_DEVIATION = 2 ** 24;

/**
 * (values + noise of the deviation) · factor, for each value, rounded to float32 at the end.
 * @param deviation the noise's standard deviation, in the values' unit; positive
 */
export function noised(values: ArrayLike<number>, deviation: number, factor: number): Float32Array {
  const grid = 2 ** Math.floor(Math.log2(deviation)) / STEPS_PER_DEVIATION;
  const [toGrid, noiseToGrid, fromGrid] = [1 / grid, deviation / grid, grid * factor];
  const result = new Float32Array(values.length);
  for (let index = 0; index < result.length; index++) {
    const value = Math.round((values[index] ?? NaN) * toGrid);
    result[index] = (value + Math.round(standardNormal() * noiseToGrid)) * fromGrid;
  }
  return result;
}

/**
 * The ziggurat of Marsaglia and Tsang (2000) in Doornik's form (2005), with 53 random bits and a layer chosen by other bits:
 * exact but for the resolution of a double.
 */
const LAYERS = 256;
/** Where the lowest layer's rectangle ends and the tail begins. */
const TAIL = 3.654152885361009;
const density = (x: number): number => Math.exp(-0.5 * x * x);
const { edges, ratios } = ziggurat();

/** The right edges of the layers, from the lowest up, and which share of each lies under the density for certain. */
function ziggurat(): { edges: Float64Array; ratios: Float64Array } {
  const area = TAIL * density(TAIL) + tailArea();
  const edges = new Float64Array(LAYERS + 1);
  edges[0] = area / density(TAIL);
  edges[1] = TAIL;
  for (let layer = 2; layer < LAYERS; layer++) {
    const below = edges[layer - 1] ?? NaN;
    edges[layer] = Math.sqrt(-2 * Math.log(area / below + density(below)));
  }
  const ratios = Float64Array.from({ length: LAYERS }, (_, layer) => (edges[layer + 1] ?? NaN) / (edges[layer] ?? NaN));
  return { edges, ratios };
}

/** The integral of the density beyond the tail's beginning, by Simpson's rule; past 10 more there is nothing to a double. */
function tailArea(): number {
  const [pieces, length] = [10_000, 10];
  let sum = 0;
  for (let piece = 0; piece <= pieces; piece++) {
    const weight = piece === 0 || piece === pieces ? 1 : piece % 2 === 1 ? 4 : 2;
    sum += weight * density(TAIL + (piece * length) / pieces);
  }
  return (sum * length) / pieces / 3;
}

/** One number with mean 0 and deviation 1. */
export function standardNormal(): number {
  for (;;) {
    const low = randomWord();
    const layer = low & (LAYERS - 1);
    // In (-1, 1), symmetric.
    const place = (randomWord() * 2 ** 21 + (low >>> 11) + 0.5) / 2 ** 52;
    if (Math.abs(place) < (ratios[layer] ?? NaN)) return place * (edges[layer] ?? NaN);
    if (layer === 0) return place < 0 ? -tail() : tail();
    const x = place * (edges[layer] ?? NaN);
    const [lower, upper] = [density(edges[layer] ?? NaN), density(edges[layer + 1] ?? NaN)];
    if (lower + randomFraction() * (upper - lower) < density(x)) return x;
  }
}

/** From beyond the tail's beginning (Marsaglia 1964). */
function tail(): number {
  for (;;) {
    const x = -Math.log(randomFraction()) / TAIL;
    const y = -Math.log(randomFraction());
    if (2 * y > x * x) return TAIL + x;
  }
}
