/** An experiment with public test accounts as its learners: published, and joined by all of them. Nothing is started. */
import { devAccount } from "../ledger/dev-accounts.ts";
import { Transactor } from "../ledger/transactor.ts";
import type { Ballot, Selection } from "../ledger/types.ts";
import { encodeContact } from "../node/contact.ts";
import { withStore } from "../node/open-store.ts";
import { publishExperiment } from "../node/publish.ts";
import { linkToJoin, Secrets, secretScope } from "../node/secrets.ts";
import { encodeManifest, type Manifest } from "../weights/manifest.ts";
import { encodeWeights } from "../weights/safetensors.ts";
import type { Weights } from "../weights/weights.ts";

export interface EnrolmentRules {
  /** Learner i signs with test account i. */
  readonly learners: number;
  readonly rounds: number;
  readonly approvalBps: number;
  readonly selection: Selection;
  readonly ballot: Ballot;
  /** Seconds to propose, to vote and to reveal. */
  readonly window: number;
  /** Seconds. */
  readonly pauseLimit: number;
  /** Seconds. */
  readonly enrolmentWindow: number;
}

/**
 * @param transactor the coordinator's
 * @param home folder of the node that will serve manifest and initial weights
 * @returns the experiment's number
 */
export async function enrol(
  transactor: Transactor,
  draft: { readonly manifest: Manifest; readonly weights: Weights },
  { learners, rounds, approvalBps, selection, ballot, window, pauseLimit, enrolmentWindow }: EnrolmentRules,
  home: string,
): Promise<bigint> {
  const { ledger } = transactor;
  const files = { manifest: encodeManifest(draft.manifest), weights: encodeWeights(draft.weights) };
  const rules = {
    rounds,
    minLearners: learners,
    maxLearners: learners,
    approvalBps,
    proposeWindow: window,
    voteWindow: window,
    pauseLimit,
    admission: "open" as const,
    selection,
    ballot,
    earlyDecision: false,
    revealWindow: ballot === "sealed" ? window : 0,
    stakes: undefined,
  };
  const { id: experiment } = await withStore({ home }, (store) =>
    publishExperiment(transactor, store, files, rules, enrolmentWindow),
  );
  // In the learners' order, so that index, account and shard are the same number.
  const { config } = await ledger.experiment(experiment);
  const scope = await secretScope(ledger, experiment);
  for (let account = 0; account < learners; account++) {
    const wallet = devAccount(account);
    const link = linkToJoin(config, new Secrets(wallet, scope));
    await (await Transactor.create(ledger, wallet)).join(experiment, encodeContact([]), { link });
  }
  return experiment;
}
