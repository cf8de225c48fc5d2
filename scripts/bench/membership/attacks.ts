/**
 * Attacks that guess from a model whether a sample was trained on, and how well they guess. Both see a sample's margin: the
 * model's log odds of the right class, the logit above the logarithm of the others' sum of exponentials.
 */
import { mean } from "../learning/table.ts";

/** One model: its margin of each sample, and whether it was trained with that sample. */
export interface Target {
  readonly margins: Float64Array;
  readonly isMember: readonly boolean[];
}

/** A guess of membership for each sample, the surer the larger; above 0 the attack says "member". */
export type Guesses = Float64Array;

/**
 * The attack of Yeom et al. (2018, "Privacy risk in machine learning"): a sample is a member if its loss is below the mean
 * loss of the training samples, which the attacker is given.
 */
export function lossThreshold({ margins, isMember }: Target): Guesses {
  // The cross-entropy is log(1 + e^-margin).
  const loss = (margin: number): number => Math.max(-margin, 0) + Math.log1p(Math.exp(-Math.abs(margin)));
  const threshold = mean([...margins].filter((_, sample) => isMember[sample]).map(loss));
  return margins.map((margin) => threshold - loss(margin));
}

/**
 * The attack of Carlini et al. (2022, "Membership inference attacks from first principles"), online, with one variance for all
 * samples as they advise for few shadow models: the log ratio of the margin's likelihoods under models that were trained with the
 * sample and models that were not.
 */
export function likelihoodRatio({ margins }: Target, shadows: readonly Target[]): Guesses {
  const withAndWithout = [true, false].map((member) => {
    const means = margins.map((_, sample) => {
      const seen = shadows.filter(({ isMember }) => isMember[sample] === member);
      return mean(seen.map((shadow) => shadow.margins[sample] ?? NaN));
    });
    const deviations = shadows.flatMap((shadow) =>
      [...shadow.margins].flatMap((margin, sample) =>
        shadow.isMember[sample] === member ? [(margin - (means[sample] ?? NaN)) ** 2] : [],
      ),
    );
    // Each sample's mean takes one degree of freedom.
    const variance = (mean(deviations) * deviations.length) / Math.max(1, deviations.length - margins.length);
    return { means, variance };
  });
  const [member, stranger] = withAndWithout;
  if (member === undefined || stranger === undefined) throw new Error("there are two kinds of models");
  const logLikelihood = (margin: number, expected: number, variance: number): number =>
    -((margin - expected) ** 2) / (2 * variance) - Math.log(variance) / 2;
  return margins.map((margin, sample) => {
    const ratio =
      logLikelihood(margin, member.means[sample] ?? NaN, member.variance) -
      logLikelihood(margin, stranger.means[sample] ?? NaN, stranger.variance);
    // No shadow model had the sample, or all did: nothing is known of it.
    return Number.isNaN(ratio) ? 0 : ratio;
  });
}

/** The chance that a member's guess is above a stranger's: a half for who knows nothing. */
export function areaUnderCurve(guesses: Guesses, isMember: readonly boolean[]): number {
  const order = [...guesses.keys()].toSorted((a, b) => (guesses[a] ?? NaN) - (guesses[b] ?? NaN));
  let [members, strangers, wins] = [0, 0, 0];
  for (let start = 0; start < order.length;) {
    const value = guesses[order[start] ?? 0];
    let end = start;
    while (end < order.length && guesses[order[end] ?? 0] === value) end++;
    const equal = order.slice(start, end);
    const equalMembers = equal.filter((sample) => isMember[sample]).length;
    const equalStrangers = equal.length - equalMembers;
    wins += equalMembers * (strangers + equalStrangers / 2);
    members += equalMembers;
    strangers += equalStrangers;
    start = end;
  }
  return wins / (members * strangers);
}

/** The share of members above the lowest guess that calls no more than this share of strangers members. */
export function membersFound(guesses: Guesses, isMember: readonly boolean[], falseAlarms: number): number {
  const of = (member: boolean): Float64Array => guesses.filter((_, sample) => isMember[sample] === member).toSorted();
  const [members, strangers] = [of(true), of(false)];
  const threshold = strangers[strangers.length - 1 - Math.floor(falseAlarms * strangers.length)] ?? NaN;
  return members.filter((guess) => guess > threshold).length / members.length;
}

/** The share of members called so, less the share of strangers called so: 0 for who knows nothing. */
export function advantage(guesses: Guesses, isMember: readonly boolean[]): number {
  const called = (member: boolean): number =>
    mean([...guesses].filter((_, sample) => isMember[sample] === member).map((guess) => Number(guess > 0)));
  return called(true) - called(false);
}

/** The most that any attack's advantage can be against (ε, δ): from its definition, at equal odds. */
export function mostAdvantage(epsilon: number, delta: number): number {
  return (Math.expm1(epsilon) + 2 * delta) / (Math.exp(epsilon) + 1);
}
