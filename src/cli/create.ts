import { type Command, Option } from "commander";

import { UserError } from "../errors.ts";
import type { Ballot, Selection } from "../ledger/types.ts";
import { openStore } from "../node/open-store.ts";
import { publishExperiment } from "../node/publish.ts";
import { prepareExperiment } from "../tasks/prepare.ts";
import { getTask } from "../tasks/registry.ts";
import { formatContentId } from "../weights/content-id.ts";
import {
  address,
  ballotOption,
  basisPoints,
  type ContractOptions,
  fraction,
  integer,
  type KeyOptions,
  selectionOption,
  withContract,
  withJson,
  withKey,
} from "./options.ts";
import { print, printJson } from "./output.ts";
import { withTransactor } from "./session.ts";
import { type TrainingOptions, taskParams, withTraining } from "./training.ts";

interface CreateOptions extends ContractOptions, KeyOptions, TrainingOptions {
  readonly home?: string;
  readonly kubo?: string;
  readonly task: string;
  readonly title?: string;
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
  readonly seed: number;
  readonly json?: boolean;
}

const DAY = 86_400;

export function register(program: Command): void {
  const command = program
    .command("create")
    .description("create an experiment: its manifest and initial weights go to the store, their ids on the chain")
    .option("--home <dir>", "folder of the node that will serve them: one of the learners'")
    .option("--kubo <url>", "put them into the Kubo daemon with this RPC address instead")
    .option("--task <name>", "what is learned", "mnist")
    .option("--title <text>", "a title for people")
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
    .addOption(selectionOption())
    .addOption(ballotOption())
    .option("--reveal-window <seconds>", "time to reveal sealed votes", integer(1, 30 * DAY), 600)
    .option("--stakes <address>", "the contract that holds the learners' stakes (default: nothing is staked)", address)
    .addOption(
      new Option("--seed <n>", "seed of the initial weights and of all shuffling").argParser(integer(0)).default(42),
    );
  withJson(withKey(withContract(withTraining(command))))
    .addHelpText("after", "\nExample:\n  colearn create --learners 3 --rounds 5 --home node0 --dev-account 0")
    .action(create);
}

async function create(options: CreateOptions): Promise<void> {
  const { home, kubo, learners, minLearners = learners } = options;
  const place = home ?? (kubo === undefined ? undefined : ".");
  if (place === undefined) {
    throw new UserError("home", "nowhere to keep the manifest and the initial weights", {
      remedy: "name a learner's node folder with --home, or a Kubo daemon with --kubo",
    });
  }
  if (minLearners > learners) {
    throw new UserError("min-learners", `--min-learners ${minLearners} is more than --learners ${learners}`, {
      remedy: "give a smaller one",
    });
  }
  const task = getTask(options.task);
  const params = taskParams(task, options);
  await withTransactor(options, async (transactor) => {
    const draft = await prepareExperiment({ task, params, seed: options.seed, title: options.title });
    const store = await openStore({ home: place, kubo });
    try {
      const rules = {
        rounds: options.rounds,
        minLearners,
        maxLearners: learners,
        approvalBps: basisPoints(options.voteThreshold),
        proposeWindow: options.proposeWindow,
        voteWindow: options.voteWindow,
        pauseLimit: options.pauseLimit,
        admission: options.invited ? ("invited" as const) : ("open" as const),
        selection: options.selection,
        ballot: options.ballot,
        earlyDecision: options.earlyDecision ?? false,
        revealWindow: options.ballot === "sealed" ? options.revealWindow : 0,
        stakes: options.stakes,
      };
      const published = await publishExperiment(transactor, store, draft, rules, options.enrolmentWindow);
      const { id: experiment, manifest, weights } = published;
      if (options.json) {
        printJson({ experiment, manifest: formatContentId(manifest), weights: formatContentId(weights) });
      } else {
        print(
          `Experiment ${experiment}: ${draft.manifest.title}, ${learners} learners, ${options.rounds} rounds.`,
          `Manifest ${formatContentId(manifest)}`,
          `Weights  ${formatContentId(weights)}`,
          home === undefined ? "" : `Next, a node in ${home}: it serves both to the other learners.`,
        );
      }
    } finally {
      await store.stop();
    }
  });
}
