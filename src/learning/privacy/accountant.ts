/**
 * What trainings cost in differential privacy, by their Rényi divergences: those of a Gaussian mechanism on Poisson samples,
 * added up over all steps, and turned into ε at a given δ. Two data sets are neighbours where one has a sample more.
 *
 * Divergences: Mironov, Talwar and Zhang 2019, "Rényi Differential Privacy of the Sampled Gaussian Mechanism", section 3.3
 * (https://arxiv.org/abs/1908.10530). ε: Canonne, Kamath and Steinke 2020, proposition 12 (https://arxiv.org/abs/2004.00010),
 * which Balle et al. 2020 have as theorem 21 (https://arxiv.org/abs/1905.09982). Opacus and Google's dp-accounting compute the
 * same, and the tests hold this equal to both.
 */
import { ColearnError } from "../../errors.ts";
import type { PrivacyCost } from "../interface.ts";
import { logAdd, logErfc, logSubtract } from "./log-domain.ts";

/** Each order gives a bound, and the best one counts: more orders can only lower ε. These are dp-accounting's. */
const ORDERS: readonly number[] = [
  ...Array.from({ length: 99 }, (_, i) => 1 + (i + 1) / 10),
  ...Array.from({ length: 53 }, (_, i) => 11 + i),
  ...[128, 256, 512, 1_024],
];

/** A series of a fractional order that is longer is given up: the order then says nothing, which is never too little. */
const MAX_TERMS = 10_000;
/** Logarithm of the part of a sum below which the rest of an alternating series is left out. */
const NEGLIGIBLE = -30;

/**
 * The ε at which all these trainings together, on one learner's samples, are (ε, δ)-differentially private; Infinity where
 * they are not for any.
 * @param orders of the Rényi divergence, above 1
 * @throws ColearnError `privacy-cost` or `privacy-delta` for what is no cost or no δ
 */
export function epsilonOf(costs: readonly PrivacyCost[], delta: number, orders: readonly number[] = ORDERS): number {
  if (!(delta > 0 && delta < 1)) {
    throw new ColearnError("privacy-delta", `δ is ${delta}, and must be above 0 and below 1`);
  }
  const merged = mergeEqual(costs);
  let least = Infinity;
  for (const order of orders) {
    const divergence = merged.reduce((sum, cost) => sum + cost.steps * divergenceOf(cost, order), 0);
    least = Math.min(least, toEpsilon(divergence, order, delta));
  }
  return Math.max(0, least);
}

/** The trainings of many rounds are alike, and computed once. */
function mergeEqual(costs: readonly PrivacyCost[]): PrivacyCost[] {
  const merged = new Map<string, PrivacyCost>();
  for (const cost of costs) {
    checkCost(cost);
    const key = `${cost.sampleRate} ${cost.noiseMultiplier}`;
    merged.set(key, { ...cost, steps: cost.steps + (merged.get(key)?.steps ?? 0) });
  }
  return [...merged.values()].filter(({ steps }) => steps > 0);
}

function checkCost({ sampleRate, noiseMultiplier, steps }: PrivacyCost): void {
  const isCost =
    sampleRate >= 0 && sampleRate <= 1 && noiseMultiplier >= 0 && Number.isSafeInteger(steps) && steps >= 0;
  if (isCost) return;
  const found = `${steps} steps at the sampling rate ${sampleRate} with the noise multiplier ${noiseMultiplier}`;
  throw new ColearnError("privacy-cost", `${found} are no training`, {
    remedy: "a rate is from 0 to 1, a noise multiplier 0 or more, and steps are a whole number",
  });
}

/** The Rényi divergence of one step. */
function divergenceOf({ sampleRate: q, noiseMultiplier: sigma }: PrivacyCost, order: number): number {
  if (q === 0) return 0;
  if (sigma === 0) return Infinity;
  if (q === 1) return order / (2 * sigma ** 2);
  // Never below 0 but by rounding.
  return Math.max(
    0,
    (Number.isInteger(order) ? logMoment(q, sigma, order) : logMomentOfFraction(q, sigma, order)) / (order - 1),
  );
}

/** log A(order), by the binomial theorem. */
function logMoment(q: number, sigma: number, order: number): number {
  let logBinomial = 0;
  let sum = -Infinity;
  for (let i = 0; i <= order; i++) {
    const term = logBinomial + i * Math.log(q) + (order - i) * Math.log1p(-q) + (i * i - i) / (2 * sigma ** 2);
    sum = logAdd(sum, term);
    logBinomial += Math.log((order - i) / (i + 1));
  }
  return sum;
}

/** log A(order), by the two series of the paper; Infinity where they converge too slowly. */
function logMomentOfFraction(q: number, sigma: number, order: number): number {
  const [logQ, logRest, scale] = [Math.log(q), Math.log1p(-q), Math.SQRT2 * sigma];
  const z0 = sigma ** 2 * Math.log(1 / q - 1) + 0.5;
  let logBinomial = 0;
  let sign = 1;
  let [added, subtracted] = [-Infinity, -Infinity];
  for (let i = 0; i < MAX_TERMS; i++) {
    const j = order - i;
    const below = i * logQ + j * logRest + (i * i - i) / (2 * sigma ** 2) + logErfc((i - z0) / scale);
    const above = j * logQ + i * logRest + (j * j - j) / (2 * sigma ** 2) + logErfc((z0 - j) / scale);
    const term = logBinomial - Math.LN2 + logAdd(below, above);
    if (sign > 0) added = logAdd(added, term);
    else subtracted = logAdd(subtracted, term);
    // Beyond the order signs alternate and terms fall: what is left out is less than the last of them.
    if (i > order && term < added + NEGLIGIBLE) return logSubtract(added, subtracted);
    logBinomial += Math.log(Math.abs(j) / (i + 1));
    if (j < 0) sign = -sign;
  }
  return Infinity;
}

function toEpsilon(divergence: number, order: number, delta: number): number {
  // So small a divergence bounds the total variation by δ (dp-accounting has it too): ε is 0.
  if (delta ** 2 + Math.expm1(-divergence) > 0) return 0;
  return divergence + Math.log1p(-1 / order) - Math.log(delta * order) / (order - 1);
}
