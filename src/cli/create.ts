import { readFile } from "node:fs/promises";

import { type Command, Option } from "commander";

import { UserError } from "../errors.ts";
import { withStore } from "../node/open-store.ts";
import { publishExperiment } from "../node/publish.ts";
import { prepareExperiment } from "../tasks/prepare.ts";
import { formatContentId } from "../weights/content-id.ts";
import { encodeManifest, type Manifest } from "../weights/manifest.ts";
import { encodeWeights } from "../weights/safetensors.ts";
import { parseProposal } from "../weights/spec.ts";
import { type ContractOptions, integer, type KeyOptions, withContract, withJson, withKey } from "./options.ts";
import { print, printJson } from "./output.ts";
import { type PlaceOptions, placeOf, holdPublished } from "./place.ts";
import { type PrivacyOptions, privacyLimit, withPrivacy } from "./privacy.ts";
import { type RuleOptions, rulesOf, withRules } from "./rules.ts";
import { withTransactor } from "./session.ts";
import { changedStop, type StopOptions, withStop } from "./stop.ts";
import { type TaskOptions, taskOf, withTask } from "./task.ts";
import { type TrainingOptions, taskParams, withTraining } from "./training.ts";

interface CreateOptions
  extends
    ContractOptions,
    KeyOptions,
    TaskOptions,
    TrainingOptions,
    PrivacyOptions,
    RuleOptions,
    StopOptions,
    PlaceOptions {
  readonly title?: string;
  readonly seed: number;
  readonly weights?: string;
  readonly json?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command("create")
    .description("create an experiment: its manifest and initial weights go to the store, their ids on the chain")
    .option("--home <dir>", "folder of the node that will serve them: one of the learners'")
    .option("--kubo <url>", "put them into the Kubo daemon with this RPC address instead")
    .option("--title <text>", "a title for people")
    .addOption(
      new Option("--seed <n>", "seed of the initial weights and of all shuffling").argParser(integer(0)).default(42),
    )
    .option("--weights <file>", "begin with these weights (safetensors) instead of random ones");
  withJson(withKey(withContract(withTraining(withPrivacy(withTask(withStop(withRules(command))))))))
    .addHelpText("after", "\nExample:\n  colearn create --learners 3 --rounds 5 --home node0 --dev-account 0")
    .action(create);
}

async function create(options: CreateOptions): Promise<void> {
  const { home, learners } = options;
  const place = placeOf(options);
  const rules = rulesOf(options);
  const task = await taskOf(options);
  const params = taskParams(task, options);
  const privacy = privacyLimit(options, task.privacy);
  await withTransactor(options, async (transactor) => {
    const { seed, title } = options;
    const draft = await prepareExperiment({ task, params, seed, title, stop: changedStop(options), privacy });
    const given = options.weights === undefined ? undefined : await readWeights(options.weights, draft.manifest);
    const files = { manifest: encodeManifest(draft.manifest), weights: given ?? encodeWeights(draft.weights) };
    const published = await withStore(place, (store) =>
      publishExperiment(transactor, store, files, rules, options.enrolmentWindow),
    );
    await holdPublished(place, transactor, published);
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
  });
}

/** Reads weights that somebody kept, and checks that they are the model's. */
async function readWeights(file: string, manifest: Manifest): Promise<Uint8Array> {
  try {
    const bytes = await readFile(file);
    parseProposal(bytes, manifest.weights);
    return bytes;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UserError("weights", `${file} cannot be the initial weights: ${reason}`, {
      remedy: "give a safetensors file of the same task's model, as `colearn export` writes it",
      cause,
    });
  }
}
