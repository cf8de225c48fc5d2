import type { Command } from "commander";

import { UserError } from "../errors.ts";
import type { Ballot, ExperimentConfig, Selection } from "../ledger/types.ts";
import { address, ballotOption, basisPoints, fraction, integer, selectionOption } from "./options.ts";

const DAY = 86_400;
const REVEAL_WINDOW = 600;

/** The rules of an experiment, as options. */
export interface RuleOptions {
  readonly learners: number;
  readonly minLearners?: number;
  readonly rounds: number;
  readonly voteThreshold: number;
  readonly proposeWindow: number;
  readonly voteWindow: number;
  readonly pauseLimit: number;
  readonly enrolmentWindow: number;
  readonly invited?: boolean;
  readonly earlyDecision?: boolean;
  readonly selection: Selection;
  readonly ballot: Ballot;
  readonly revealWindow: number;
  readonly stakes?: string;
}

type Rules = Omit<ExperimentConfig, "manifest" | "weights" | "enrolmentDeadline">;

/** Adds the options that make an experiment's rules. */
export function withRules(command: Command): Command {
  return addRules(command).addOption(selectionOption()).addOption(ballotOption());
}

/** The same for an experiment that has the rules of an earlier one: what is not given there is as before. */
export function withChangedRules(command: Command): Command {
  const options = command.options.length;
  withRules(command).option("--no-invited", "anybody may join");
  command.option("--no-early-decision", "settle a round when all votes are in");
  for (const option of command.options.slice(options)) {
    if (option.attributeName() !== "enrolmentWindow") option.defaultValueDescription = "as before";
  }
  return command;
}

/** Those of a command's rules that somebody gave, by flag, file or environment. */
export function givenRules(command: Command): Partial<RuleOptions> {
  const given = Object.entries(command.opts()).filter(([name]) => command.getOptionValueSource(name) !== "default");
  return Object.fromEntries(given);
}

function addRules(command: Command): Command {
  return command
    .option("--learners <n>", "how many can join; when all have, the coordinator's node starts", integer(2, 256), 5)
    .option("--min-learners <n>", "how many must join (default: all)", integer(2, 256))
    .option("--rounds <n>", "how many rounds", integer(1, 2 ** 32 - 1), 15)
    .option("--vote-threshold <part>", "a proposal needs more approvals than this part of the voters", fraction, 0.5)
    .option("--propose-window <seconds>", "time to train and propose", integer(1, 30 * DAY), 600)
    .option("--vote-window <seconds>", "time to evaluate and vote", integer(1, 30 * DAY), 600)
    .option("--pause-limit <seconds>", "how long to wait for learners once fewer than two are active", integer(1), DAY)
    .option("--enrolment-window <seconds>", "after this, anyone may start or cancel", integer(1), DAY)
    .option("--invited", "only learners that you invite may join")
    .option("--early-decision", "settle a round as soon as its result cannot change")
    .option("--reveal-window <seconds>", "time to reveal sealed votes", integer(1, 30 * DAY), REVEAL_WINDOW)
    .option("--stakes <address>", "the contract that holds the learners' stakes (default: nothing is staked)", address);
}

/**
 * The rules that the options make.
 * @throws UserError where they contradict each other
 */
export function rulesOf(options: RuleOptions): Rules {
  const { learners, minLearners = learners } = options;
  if (minLearners > learners) {
    throw new UserError("min-learners", `--min-learners ${minLearners} is more than --learners ${learners}`, {
      remedy: "give a smaller one",
    });
  }
  return {
    rounds: options.rounds,
    minLearners,
    maxLearners: learners,
    approvalBps: basisPoints(options.voteThreshold),
    proposeWindow: options.proposeWindow,
    voteWindow: options.voteWindow,
    pauseLimit: options.pauseLimit,
    admission: options.invited ? "invited" : "open",
    selection: options.selection,
    ballot: options.ballot,
    earlyDecision: options.earlyDecision ?? false,
    revealWindow: options.ballot === "sealed" ? options.revealWindow : 0,
    stakes: options.stakes,
  };
}

/** An earlier experiment's rules, changed by those that were given. */
export function changedRules(config: ExperimentConfig, given: Partial<RuleOptions>): Rules {
  const { maxLearners, minLearners, approvalBps, admission, stakes, revealWindow, ...same } = config;
  return rulesOf({
    ...same,
    learners: maxLearners,
    // Of another number of learners, all must join.
    ...(given.learners === undefined && { minLearners }),
    voteThreshold: approvalBps / 10_000,
    invited: admission === "invited",
    enrolmentWindow: DAY,
    revealWindow: revealWindow === 0 ? REVEAL_WINDOW : revealWindow,
    ...(stakes !== undefined && { stakes }),
    ...given,
  });
}
