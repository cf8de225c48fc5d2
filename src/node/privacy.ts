/** What a node's learner may spend of its data's privacy, and that it keeps to it. */
import type { Logger } from "pino";

import { UserError } from "../errors.ts";
import type { MachineLearningInterface, PrivacyCost } from "../learning/interface.ts";
import { BudgetedLearner, requirePrivate } from "../learning/privacy/budget.ts";
import { lastSettled, type Round, type Snapshot } from "../ledger/types.ts";
import type { PrivacyLimit } from "../weights/manifest.ts";
import type { SpendingTable } from "./spending-table.ts";

/** What the operator allows: less than the manifest, or something where the manifest says nothing. */
export type OwnLimit = { readonly [K in keyof PrivacyLimit]?: PrivacyLimit[K] | undefined };

/**
 * The lower of the manifest's and the operator's limit; undefined where neither says anything.
 * @throws UserError `privacy` where they are at different δ, or the operator's is half a limit
 */
export function lowerLimit(manifest: PrivacyLimit | undefined, own: OwnLimit = {}): PrivacyLimit | undefined {
  const { epsilon, delta } = own;
  if (manifest !== undefined) {
    if (delta !== undefined && delta !== manifest.delta) {
      throw new UserError("privacy", `--delta ${delta} is not the δ of the experiment's manifest, ${manifest.delta}`, {
        remedy: "leave --delta out: --epsilon is then meant at the manifest's δ",
      });
    }
    return { epsilon: Math.min(epsilon ?? Infinity, manifest.epsilon), delta: manifest.delta };
  }
  if (epsilon === undefined && delta === undefined) return undefined;
  if (epsilon !== undefined && delta !== undefined) return { epsilon, delta };
  throw new UserError(
    "privacy",
    "the experiment's manifest limits no privacy, and the operator's limit is half a one",
    {
      remedy: "give both --epsilon and --delta",
    },
  );
}

export interface BudgetOf {
  readonly limit: PrivacyLimit;
  readonly spendings: SpendingTable;
  readonly snapshot: Snapshot;
  /** This learner's. */
  readonly address: string;
  readonly roundAt: (round: number) => Promise<Pick<Round, "proposer" | "proposal">>;
  readonly log: Logger;
}

/**
 * The learner with its budget: what the journal knows and what the ledger shows is spent.
 * @throws UserError `not-private` where its training is not private
 */
export async function withBudget(learner: MachineLearningInterface, budget: BudgetOf): Promise<BudgetedLearner> {
  const { limit, spendings, log } = budget;
  const forgotten = await chargeForgotten(await requirePrivate(learner), budget);
  if (forgotten > 0) {
    log.warn({ trainings: forgotten }, "the ledger shows proposals that the journal knows no training of: charged now");
  }
  const budgeted = new BudgetedLearner(learner, limit, spendings);
  log.info({ epsilon: budgeted.epsilon, limit: limit.epsilon, delta: limit.delta }, "privacy spent so far");
  return budgeted;
}

/**
 * Charges a training for every proposal of this learner's that the ledger shows and the journal does not: it is an old copy, or
 * a new folder. What began and was never proposed stays forgotten then.
 * @returns how many
 */
async function chargeForgotten(
  cost: PrivacyCost,
  { spendings, snapshot, address, roundAt }: BudgetOf,
): Promise<number> {
  if (snapshot.index === undefined) return 0;
  const known = spendings.rounds();
  let charged = 0;
  for (let round = 1; round <= Math.max(snapshot.round, lastSettled(snapshot)); round++) {
    if (known.has(round)) continue;
    const { proposer, proposal } = await roundAt(round);
    if (proposer !== address || proposal === undefined) continue;
    spendings.record(round, cost);
    charged++;
  }
  return charged;
}
