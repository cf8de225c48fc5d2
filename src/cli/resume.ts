import type { Command } from "commander";

import { type Checkpoint, describeModel, fetchModel } from "../node/export.ts";
import { withStore } from "../node/open-store.ts";
import { publishExperiment } from "../node/publish.ts";
import { formatContentId } from "../weights/content-id.ts";
import { encodeManifest, stopOf } from "../weights/manifest.ts";
import { checkpoint, explainMissing, ROUND_HELP } from "./checkpoint.ts";
import {
  collect,
  type ContractOptions,
  experimentId,
  integer,
  type KeyOptions,
  withContract,
  withJson,
  withKey,
} from "./options.ts";
import { print, printJson } from "./output.ts";
import { type PlaceOptions, placeOf, holdPublished } from "./place.ts";
import { changedRules, givenRules, withChangedRules } from "./rules.ts";
import { resolveExperiment, withTransactor } from "./session.ts";
import { changedStop, type StopOptions, withStop } from "./stop.ts";

interface ResumeOptions extends ContractOptions, KeyOptions, StopOptions, PlaceOptions {
  readonly round?: Checkpoint;
  readonly peer?: string[];
  readonly fetchTimeout: number;
  readonly enrolmentWindow: number;
  readonly json?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command("resume")
    .description("go on from an experiment's weights: a new experiment that begins with them, by the same rules")
    .argument("<experiment>", "number of the experiment to go on from", experimentId)
    .option("--round <n|best|last>", ROUND_HELP, checkpoint)
    .option("--home <dir>", "folder of the node that will serve the files: one of the learners'")
    .option("--kubo <url>", "put them into the Kubo daemon with this RPC address instead")
    .option("--peer <multiaddr>", "a peer to fetch from beyond those on the ledger; may be repeated", collect)
    .option("--fetch-timeout <seconds>", "give up a fetch that stands still this long", integer(1, 3600), 30);
  withJson(withKey(withContract(withStop(withChangedRules(command)))))
    .addHelpText(
      "after",
      "\nWhat is not given is as in the earlier experiment.\n" +
        "\nExample:\n  colearn resume 1 --round best --rounds 10 --home node0 --dev-account 0",
    )
    .action(resume);
}

async function resume(asked: bigint, options: ResumeOptions, command: Command): Promise<void> {
  const { home, round, peer: peers = [], fetchTimeout } = options;
  const place = placeOf(options);
  await withTransactor(options, async (transactor) => {
    const { ledger } = transactor;
    const earlier = await resolveExperiment(ledger, asked);
    const rules = changedRules((await ledger.experiment(earlier)).config, givenRules(command));
    await withStore(place, async (store) => {
      const request = { ledger, experiment: earlier, store, peers, round, timeoutMilliseconds: fetchTimeout * 1000 };
      const model = await fetchModel(request).catch(explainMissing);
      const files = { manifest: changedManifest(model, options), weights: model.bytes };
      const published = await publishExperiment(transactor, store, files, rules, options.enrolmentWindow);
      await holdPublished(place, transactor, published);
      const { id: experiment, manifest, weights } = published;
      if (options.json) {
        const from = { experiment: earlier, round: model.round, score: model.score ?? null };
        printJson({ experiment, from, manifest: formatContentId(manifest), weights: formatContentId(weights) });
      } else {
        print(
          `Experiment ${experiment}: ${model.manifest.title}, ${rules.maxLearners} learners, ${rules.rounds} rounds.`,
          `It begins with the weights of experiment ${earlier}: ${describeModel(model)}`,
          `Manifest ${formatContentId(manifest)}`,
          home === undefined ? "" : `Next, a node in ${home}: it serves both to the other learners.`,
        );
      }
    });
  });
}

/** The earlier manifest to the byte, unless it shall stop otherwise. */
function changedManifest({ manifest, manifestBytes }: Awaited<ReturnType<typeof fetchModel>>, options: StopOptions) {
  const stop = changedStop(options, stopOf(manifest));
  if (stop === undefined || (options.stopScore === undefined && options.stopAfter === undefined)) return manifestBytes;
  return encodeManifest(manifest.version === 3 ? { ...manifest, stop } : { ...manifest, version: 2, stop });
}
