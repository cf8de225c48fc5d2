/** The rules that an audit checks. `docs/audit.md` says more of each. */

/** The rules, each with what it means when it is broken. */
export const rules = {
  order: "The contract told of a step that had no place there, or did not tell of one that had to follow.",
  config: "The experiment's config is not one that the protocol takes.",
  enrolment: "Somebody joined, left, came back, started or cancelled against the rules.",
  deadline: "A step was taken too early or too late, or a deadline is not where the config puts it.",
  proposer: "The proposer is not the one that the selection gives.",
  seed: "What was mixed into the seed of the selection is not what the proposers committed to.",
  voters: "The voters are not the learners that were active, without the proposer.",
  votes: "A vote is by no voter, or the second one of its voter.",
  seals: "A vote that was revealed is not the one that was sealed.",
  tally: "The round was settled otherwise, or at another time, than its votes say.",
  suspension: "A learner was suspended that did its duty, or was not suspended that missed two in a row.",
  lineage: "The current weights are not those of the last accepted round.",
  author: "A step is told as somebody's who neither sent nor signed it.",
  storage: "The contract's storage tells otherwise than its events.",
  manifest: "The experiment's manifest cannot be had, or is none.",
  missing: "Nobody gives the weights of an accepted round, or the initial ones.",
  damaged: "A file in the store is not what its content id says.",
  weights: "The weights of an accepted round are not what the manifest says.",
  privacy: "A learner declares more spent privacy than the manifest allows, or less than it declared before.",
} as const;

export type Rule = keyof typeof rules;

export interface Violation {
  readonly rule: Rule;
  /** 0 where it is before the first round, or about the initial weights or the manifest. */
  readonly round: number;
  /** What was found. */
  readonly detail: string;
}

/** Takes what was found. */
export type Report = (rule: Rule, round: number, detail: string) => void;
