/** What is compared: one setting is a row of the table, run once a seed. */
import type { SplitKind } from "../../../src/tasks/split.ts";

/**
 * `collective`: propose, vote, settle. `in turn`: the same without votes, every proposal is accepted. `averaging`: every
 * learner trains from the same weights, and their mean is taken (McMahan et al. 2017). `alone`: one learner, on its shard.
 */
export type Method = "collective" | "in turn" | "averaging" | "alone";

export interface Setting {
  readonly method: Method;
  readonly learners: number;
  readonly split: SplitKind;
  /** Images that a learner trains on; undefined for all of its shard but a tenth. */
  readonly trainImages?: number | undefined;
  /** Images that a learner votes with. */
  readonly voteImages: number;
  readonly rounds: number;
  /** What a proposal must be better by, in accuracy. */
  readonly tolerance: number;
  readonly approvalBps: number;
}

/** The rows that belong together, with what they have in common. */
export interface Section {
  readonly title: string;
  readonly rows: readonly Row[];
}

export interface Row {
  readonly label: string;
  readonly setting: Setting;
}

/** Those of 2CP's experiment and of colearn's demo. */
const AVERAGING_ROUNDS = 3;
const COLLECTIVE_ROUNDS = 15;
/** A third as many, so that every proposal has three times the steps. */
const LONG_ROUNDS = 5;

const usual: Omit<Setting, "method" | "learners"> = {
  split: "iid",
  voteImages: 200,
  rounds: COLLECTIVE_ROUNDS,
  tolerance: 0,
  approvalBps: 5000,
};
const few: Partial<Setting> = { trainImages: 200, voteImages: 50 };
const skew: Partial<Setting> = { split: "label-skew" };

function row(label: string, method: Method, learners: number, rest: Partial<Setting> = {}): Row {
  const rounds = method === "averaging" ? AVERAGING_ROUNDS : usual.rounds;
  return { label, setting: { ...usual, method, learners, rounds, ...rest } };
}

export const sections: readonly Section[] = [
  {
    title: "Plenty of data, equal shards",
    rows: [
      ...[2, 3, 4, 5].map((learners) => row(`collective, ${learners} learners`, "collective", learners)),
      ...[2, 3, 4, 5].map((learners) => row(`averaging, ${learners} learners`, "averaging", learners)),
      row("alone, one of 5 learners", "alone", 5),
    ],
  },
  {
    title: "Two classes are most of each shard, 5 learners",
    rows: [
      row("collective", "collective", 5, skew),
      row("collective, ties accepted", "collective", 5, { ...skew, approvalBps: 4999 }),
      row("collective, 5 long rounds", "collective", 5, { ...skew, rounds: LONG_ROUNDS }),
      row("in turn, no votes", "in turn", 5, skew),
      row("averaging, 3 rounds", "averaging", 5, skew),
      row("averaging, 12 rounds", "averaging", 5, { ...skew, rounds: 12 }),
      row("alone, mean of two of the 5", "alone", 5, skew),
    ],
  },
  {
    title: "200 images a learner, 5 learners",
    rows: [
      row("collective", "collective", 5, few),
      row("in turn, no votes", "in turn", 5, few),
      row("averaging, 3 rounds", "averaging", 5, few),
      row("alone, one of the 5", "alone", 5, few),
    ],
  },
  {
    title: "What the vote's rule changes: equal shards, 5 learners",
    rows: [
      row("in turn, no votes", "in turn", 5),
      row("votes on 200 images", "collective", 5),
      row("votes on 50 images", "collective", 5, { voteImages: 50 }),
      row("votes on 1000 images", "collective", 5, { voteImages: 1000 }),
      row("better by more than 0.01", "collective", 5, { tolerance: 0.01 }),
      row("5 long rounds", "collective", 5, { rounds: LONG_ROUNDS }),
    ],
  },
];
