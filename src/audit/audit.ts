import { fromScore } from "../ledger/score.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { count, lastSettled, type Outcome, type Status } from "../ledger/types.ts";
import { formatContentId, type ContentId } from "../weights/content-id.ts";
import { privacyOf, type Manifest } from "../weights/manifest.ts";
import { checkManifest, checkWeights, type AuditedFile, type FilesRequest, type Scorer } from "./files.ts";
import type { LedgerEvent } from "./history.ts";
import { auditRecord, type LedgerAudit } from "./ledger-audit.ts";
import { checkPrivacy, type DeclaredRound } from "./privacy.ts";
import { readKeys, readRecord, type ExperimentRecord } from "./record.ts";
import type { Rule, Violation } from "./rules.ts";

/** Whose weights must be there: of all accepted rounds and the initial ones, the current ones, or no file at all. */
export const lineages = ["accepted", "current", "none"] as const;

export interface AuditRequest extends FilesRequest {
  readonly ledger: Ledger;
  readonly experiment: bigint;
  readonly lineage: (typeof lineages)[number];
  /** Makes what weights are scored with; nothing is scored where it is left out. */
  readonly createScorer?: ((manifest: Manifest) => Promise<Scorer & { dispose(): Promise<void> }>) | undefined;
  /** Is told what is done now. */
  readonly onProgress?: ((what: string) => void) | undefined;
}

/** A round as the contract tells it, and what there is of it beside the chain. */
export interface AuditedRound {
  /** 0: the initial weights. */
  readonly round: number;
  /** Index of a learner; none for the initial weights. */
  readonly proposer: number | undefined;
  readonly outcome: Outcome;
  readonly approvals: number;
  readonly rejections: number;
  readonly voters: number;
  readonly proposal: ContentId | undefined;
  /** Mean of the voters' scores, as they claim them; none where nobody gave one. */
  readonly score: number | undefined;
  /** None where it was not looked for. */
  readonly file: AuditedFile | undefined;
}

export interface Audit {
  readonly experiment: number;
  readonly chainId: number;
  readonly contract: string;
  /** The audit is of what was so after this block. */
  readonly block: number;
  readonly status: Status;
  /** Rounds that have ended. */
  readonly rounds: number;
  readonly accepted: number;
  /** Files of weights that were found sound, each counted once. */
  readonly files: number;
  /** Steps whose author a transaction or a signature shows, and those for which there is the contract's word alone. */
  readonly steps: { readonly shown: number; readonly claimed: number };
  /** Of round 0, the initial weights, and of all rounds. */
  readonly history: readonly AuditedRound[];
  /** In the order of the rounds: the first one is where it began. */
  readonly violations: readonly Violation[];
}

/**
 * Audits an experiment from chain and store: the ledger's history by the rules, and the files that it tells of. Nothing is
 * taken from the contract's word that can be worked out again.
 * @throws ColearnError `history` where the endpoint does not give the whole history; StoreError `unavailable`
 */
export async function audit(request: AuditRequest): Promise<Audit> {
  const { ledger, experiment, onProgress } = request;
  onProgress?.("reading the ledger");
  const record = await readRecord(ledger, experiment);
  onProgress?.("replaying the rounds");
  const { violations: found, authorship } = await auditLedger(ledger, record);
  const violations = [...found];
  const files = await checkFiles(request, record, violations);
  const { stored, chainId, block } = record;
  const { status, round } = stored.snapshot;
  const rounds = lastSettled({ status, round });
  const scores = votersScores(record.history.events);
  return {
    experiment: Number(experiment),
    chainId: Number(chainId),
    contract: ledger.address,
    block,
    status,
    rounds,
    accepted: stored.rounds.filter(({ outcome }) => outcome === "accepted").length,
    files: new Set([...files.values()].filter(({ state }) => state === "sound")).size,
    steps: authorship,
    history: [
      initialRow(stored.config.weights, files.get(0)),
      ...stored.rounds.map((state, at) => ({
        round: at + 1,
        proposer: stored.learners.indexOf(state.proposer),
        outcome: state.outcome,
        approvals: count(state.approvals),
        rejections: count(state.rejections),
        voters: count(state.voters),
        proposal: state.proposal,
        score: scores.get(at + 1),
        file: files.get(at + 1),
      })),
    ],
    violations: violations.toSorted((one, other) => one.round - other.round),
  };
}

/** What rests on the contract's word may be a signature that only a contract could have given: where there is one. */
async function auditLedger(ledger: Ledger, record: ExperimentRecord): Promise<LedgerAudit> {
  const found = auditRecord(ledger, record);
  if (found.authorship.claimed === 0) return found;
  return auditRecord(ledger, { ...record, keys: await readKeys(ledger, record) });
}

function initialRow(proposal: ContentId, file: AuditedFile | undefined): AuditedRound {
  const nobody = { proposer: undefined, approvals: 0, rejections: 0, voters: 0 };
  return { round: 0, outcome: "accepted", ...nobody, proposal, score: undefined, file };
}

/** The files of the rounds whose weights must be there, by round. */
async function checkFiles(
  request: AuditRequest,
  { stored }: ExperimentRecord,
  violations: Violation[],
): Promise<Map<number, AuditedFile>> {
  const { lineage, createScorer, onProgress } = request;
  const files = new Map<number, AuditedFile>();
  const report = (rule: Rule, round: number, detail: string) => violations.push({ rule, round, detail });
  if (lineage === "none") return files;
  onProgress?.("reading the manifest");
  const manifest = await checkManifest(request, stored.config.manifest, report);
  // Without it nobody can say what the weights should be.
  if (manifest === undefined) return files;
  const scorer = await createScorer?.(manifest);
  try {
    const known = new Map<string, AuditedFile>();
    for (const [round, id] of lineageOf(stored, lineage)) {
      const cid = formatContentId(id);
      onProgress?.(`weights of round ${round} of ${stored.snapshot.round}`);
      const file = known.get(cid) ?? (await checkWeights(request, id, manifest.weights, scorer));
      known.set(cid, file);
      files.set(round, file);
      if (file.state === "sound") continue;
      const rule = file.state === "malformed" ? "weights" : file.state;
      report(
        rule,
        round,
        `${round === 0 ? "the initial weights" : "the accepted weights"} ${cid}: the file ${file.detail ?? ""}`,
      );
    }
  } finally {
    await scorer?.dispose();
  }
  const limit = privacyOf(manifest);
  if (limit !== undefined) checkPrivacy(limit, declaredIn(stored, files), report);
  return files;
}

function* declaredIn(
  { rounds }: ExperimentRecord["stored"],
  files: ReadonlyMap<number, AuditedFile>,
): Generator<DeclaredRound> {
  for (const [at, { proposer }] of rounds.entries()) {
    const file = files.get(at + 1);
    if (file?.state === "sound") yield { round: at + 1, proposer, summary: file.summary };
  }
}

function* lineageOf(
  { config, rounds, snapshot }: ExperimentRecord["stored"],
  lineage: "accepted" | "current",
): Generator<[round: number, id: ContentId]> {
  if (lineage === "current") {
    yield [snapshot.weightsRound, snapshot.weights];
    return;
  }
  yield [0, config.weights];
  for (const [at, { outcome, proposal }] of rounds.entries()) {
    if (outcome === "accepted" && proposal) yield [at + 1, proposal];
  }
}

function votersScores(events: readonly LedgerEvent[]): Map<number, number> {
  const scores = new Map<number, number[]>();
  for (const event of events) {
    const given = event.name === "Voted" ? [event.score] : event.name === "VotesCast" ? event.scores : [];
    for (const score of given.map(fromScore)) {
      if (Number.isNaN(score) || !("round" in event)) continue;
      scores.set(event.round, [...(scores.get(event.round) ?? []), score]);
    }
  }
  const mean = (all: readonly number[]) => all.reduce((sum, score) => sum + score, 0) / all.length;
  return new Map([...scores].map(([round, all]) => [round, mean(all)]));
}
