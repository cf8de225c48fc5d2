/** An experiment for a script to run nodes on: the smallest task, learners that joined in their order, nothing started. */
import { devAccount } from "../../src/ledger/dev-accounts.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { Transactor } from "../../src/ledger/transactor.ts";
import type { Ballot, Selection } from "../../src/ledger/types.ts";
import { encodeContact } from "../../src/node/contact.ts";
import { openStore } from "../../src/node/open-store.ts";
import { publishExperiment } from "../../src/node/publish.ts";
import { linkToJoin, Secrets, secretScope } from "../../src/node/secrets.ts";
import { prepareExperiment } from "../../src/tasks/prepare.ts";
import { getTask } from "../../src/tasks/registry.ts";
import { encodeManifest } from "../../src/weights/manifest.ts";
import { encodeWeights } from "../../src/weights/safetensors.ts";

export interface Rules {
  /** Learner i signs with test account i; the account after the last is the coordinator's. */
  readonly nodes: number;
  readonly rounds: number;
  readonly selection: Selection;
  readonly ballot: Ballot;
  /** Training steps for a proposal. */
  readonly steps: number;
  /** Seconds to propose, to vote and to reveal. */
  readonly window: number;
}

/** Longer than any script runs. */
const LONG_SECONDS = 36_000;

/** @param home folder of the node that will serve manifest and initial weights */
export async function enrol(
  ledger: Ledger,
  { nodes, rounds, selection, ballot, steps, window, home }: Rules & { readonly home: string },
): Promise<{ readonly experiment: bigint; readonly transactor: Transactor }> {
  const transactor = await Transactor.create(ledger, devAccount(nodes));
  const draft = await prepareExperiment({ task: getTask("iris"), params: { stepsPerProposal: steps }, seed: 42 });
  const files = { manifest: encodeManifest(draft.manifest), weights: encodeWeights(draft.weights) };
  const rules = {
    rounds,
    minLearners: nodes,
    maxLearners: nodes,
    approvalBps: 5_000,
    proposeWindow: window,
    voteWindow: window,
    pauseLimit: LONG_SECONDS,
    admission: "open" as const,
    selection,
    ballot,
    earlyDecision: false,
    revealWindow: ballot === "sealed" ? window : 0,
    stakes: undefined,
  };
  const store = await openStore({ home });
  const { id: experiment } = await publishExperiment(transactor, store, files, rules, LONG_SECONDS).finally(() =>
    store.stop(),
  );
  const { config } = await ledger.experiment(experiment);
  const scope = await secretScope(ledger, experiment);
  for (let account = 0; account < nodes; account++) {
    const wallet = devAccount(account);
    const link = linkToJoin(config, new Secrets(wallet, scope));
    await (await Transactor.create(ledger, wallet)).join(experiment, encodeContact([]), { link });
  }
  return { experiment, transactor };
}
