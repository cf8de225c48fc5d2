import { ColearnError } from "../errors.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { Round } from "../ledger/types.ts";
import type { Store } from "../storage/store.ts";
import { formatContentId } from "../weights/content-id.ts";
import { MAX_MANIFEST_BYTES, parseManifest } from "../weights/manifest.ts";
import { parseProposal } from "../weights/spec.ts";
import { auditRecord, type Violation } from "./rules.ts";

export interface AuditRequest {
  readonly ledger: Ledger;
  readonly experiment: bigint;
  readonly store: Store;
  /** Where weights may be had. */
  readonly providers: readonly string[];
  readonly timeoutMilliseconds: number;
}

export interface Audit {
  readonly experiment: number;
  /** Rounds that have ended. */
  readonly rounds: number;
  readonly accepted: number;
  /** Weights files of accepted rounds that were fetched and checked, the initial ones included. */
  readonly files: number;
  readonly violations: readonly Violation[];
}

/** Replays an experiment from chain and store alone, trusting no node: every round by the rules, every accepted file. */
export async function audit(request: AuditRequest): Promise<Audit> {
  const { ledger, experiment } = request;
  const { config } = await ledger.experiment(experiment);
  const snapshot = await ledger.snapshot(experiment);
  const rounds: Round[] = [];
  for (let round = 1; round <= snapshot.round; round++) rounds.push(await ledger.round(experiment, round));
  const violations = auditRecord({
    approvalBps: config.approvalBps,
    selection: config.selection,
    seeds: config.selection === "random" ? await ledger.seeds(experiment) : [],
    initial: config.weights,
    learners: await ledger.learners(experiment),
    rounds,
    votes: await ledger.votes(experiment),
    snapshot,
  });

  const accepted = rounds.flatMap(({ outcome, proposal }, at) =>
    outcome === "accepted" && proposal ? [{ round: at + 1, id: proposal }] : [],
  );
  const get = (id: typeof config.manifest, maxBytes: number) => request.store.get(id, { ...request, maxBytes });
  const manifest = parseManifest(await get(config.manifest, MAX_MANIFEST_BYTES));
  let files = 0;
  for (const { round, id } of [{ round: 0, id: config.weights }, ...accepted]) {
    try {
      parseProposal(await get(id, manifest.weights.maxBytes), manifest.weights);
      files++;
    } catch (error) {
      if (!(error instanceof ColearnError)) throw error;
      violations.push({ rule: "weights", round, detail: `${formatContentId(id)}: ${error.message}` });
    }
  }
  const ended = rounds.filter(({ outcome }) => outcome !== "open").length;
  return { experiment: Number(experiment), rounds: ended, accepted: accepted.length, files, violations };
}
