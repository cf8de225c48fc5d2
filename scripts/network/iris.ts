/** An experiment for a script to run nodes on: the smallest task, learners that joined in their order, nothing started. */
import { enrol } from "../../src/demo/enrol.ts";
import { devAccount } from "../../src/ledger/dev-accounts.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { Transactor } from "../../src/ledger/transactor.ts";
import type { Ballot, Selection } from "../../src/ledger/types.ts";
import { prepareExperiment } from "../../src/tasks/prepare.ts";
import { getTask } from "../../src/tasks/registry.ts";

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
export async function enrolOnIris(
  ledger: Ledger,
  { nodes: learners, rounds, selection, ballot, steps, window, home }: Rules & { readonly home: string },
): Promise<{ readonly experiment: bigint; readonly transactor: Transactor }> {
  const transactor = await Transactor.create(ledger, devAccount(learners));
  const draft = await prepareExperiment({ task: getTask("iris-mlp"), params: { stepsPerProposal: steps }, seed: 42 });
  const times = { window, pauseLimit: LONG_SECONDS, enrolmentWindow: LONG_SECONDS };
  const rules = { learners, rounds, approvalBps: 5_000, selection, ballot, ...times };
  return { experiment: await enrol(transactor, draft, rules, home), transactor };
}
