import { join } from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";

import { ColearnError, UserError } from "../errors.ts";
import type { TransactionLog } from "../ledger/transaction-log.ts";
import { sameContentId, type ContentId } from "../weights/content-id.ts";
import type { RecordedVote, RoundJournal } from "./decide.ts";
import type { Held } from "./retention.ts";
import { SpendingTable, spendingTable } from "./spending-table.ts";
import { TransactionTable, transactionTable } from "./transaction-table.ts";

/** Which experiment a journal's entries are about. */
export interface JournalScope {
  /** Chain id and genesis block: a local chain that was started anew is another one. */
  readonly chain: string;
  readonly contract: string;
  readonly experiment: bigint;
  readonly learner: string;
}

/** Where a node's own folder has its journal. */
export function journalIn(home: string): string {
  return join(home, "journal.sqlite");
}

/**
 * What this version writes. Version 0 had no transactions, and version 1 no spendings; what they wrote is read as it is. Their
 * programs refuse this version's journal: they would forget what was spent.
 */
const VERSION = 2;
/** How many rounds stay: no chain goes back this far, and a folder must not grow for ever. */
const KEPT_ROUNDS = 256;

/**
 * What this node proposed and voted, written before it is signed, its transactions, written before they are sent, and what it spent of
 * its data's privacy, written before the training. One proposal and one vote a round, by the database's
 * own constraint: the same payload may be sent again, another one never, whatever happened in between. Salts and hash chains are not here:
 * they derive from the key (`Secrets`), so that no file can be lost.
 */
export class Journal {
  readonly #db: DatabaseSync;
  readonly #scope: readonly [string, string, string, string];
  readonly transactions: TransactionLog;
  readonly spendings: SpendingTable;

  /**
   * Opens or creates the journal.
   * @param path a file, or ":memory:" in tests
   * @throws UserError when another node has it open, or the file cannot be written
   */
  constructor(path: string, { chain, contract, experiment, learner }: JournalScope) {
    this.#scope = [chain, contract.toLowerCase(), experiment.toString(), learner.toLowerCase()];
    try {
      this.#db = new DatabaseSync(path);
      this.#db.exec(`
        PRAGMA locking_mode = EXCLUSIVE;
        PRAGMA journal_mode = WAL;
        PRAGMA synchronous = FULL;
        PRAGMA wal_autocheckpoint = 64;
        CREATE TABLE IF NOT EXISTS entries (
          chain TEXT NOT NULL,
          contract TEXT NOT NULL,
          experiment TEXT NOT NULL,
          learner TEXT NOT NULL,
          round INTEGER NOT NULL,
          kind TEXT NOT NULL CHECK (kind IN ('proposal', 'vote')),
          digest TEXT NOT NULL,
          codec INTEGER NOT NULL,
          approve INTEGER,
          score REAL,
          PRIMARY KEY (chain, contract, experiment, learner, round, kind)
        ) STRICT;
        CREATE TABLE IF NOT EXISTS held (
          chain TEXT NOT NULL,
          contract TEXT NOT NULL,
          experiment TEXT NOT NULL,
          learner TEXT NOT NULL,
          round INTEGER NOT NULL,
          digest TEXT NOT NULL,
          codec INTEGER NOT NULL,
          accepted INTEGER NOT NULL,
          PRIMARY KEY (chain, contract, experiment, learner, round, digest)
        ) STRICT;
        ${transactionTable}
        ${spendingTable}
        BEGIN IMMEDIATE; COMMIT;
      `);
      requireKnown(this.#db, path);
      this.#db.exec(`PRAGMA user_version = ${VERSION}`);
    } catch (cause) {
      if (cause instanceof UserError) throw cause;
      const locked = String(cause).includes("locked");
      throw new UserError(
        "journal",
        locked ? `another node has the journal ${path} open` : `the journal ${path} cannot be opened: ${String(cause)}`,
        { remedy: locked ? "stop it, or give this node its own --home" : "check the folder given with --home", cause },
      );
    }
    const change = (statement: string, values: readonly SQLInputValue[]): void => this.#change(statement, values);
    this.transactions = new TransactionTable(this.#db, [chain, learner.toLowerCase()], change);
    this.spendings = new SpendingTable(this.#db, this.#scope, change);
  }

  /** What is written of a round. */
  round(round: number): RoundJournal {
    const proposal = this.#read(round, "proposal");
    const vote = this.#read(round, "vote");
    return {
      proposal: proposal && { digest: proposal.digest, codec: proposal.codec },
      vote: vote && {
        proposal: { digest: vote.digest, codec: vote.codec },
        approve: vote.approve === 1,
        score: vote.score ?? Number.NaN,
      },
    };
  }

  /**
   * Writes a proposal down, before it is signed.
   * @throws ColearnError `journal-conflict` when the round has another one
   */
  recordProposal(round: number, weights: ContentId): void {
    const existing = this.round(round).proposal;
    if (existing) {
      if (!sameContentId(existing, weights)) throw conflict("proposal", round);
      return;
    }
    this.#write(round, "proposal", weights, null, null);
  }

  /**
   * Writes a vote down, before it is signed.
   * @throws ColearnError `journal-conflict` when the round has another one
   */
  recordVote(round: number, { proposal, approve, score }: RecordedVote): void {
    const existing = this.round(round).vote;
    if (existing) {
      const same = sameContentId(existing.proposal, proposal) && existing.approve === approve;
      if (!same || !Object.is(existing.score, score)) throw conflict("vote", round);
      return;
    }
    // SQLite has no NaN: NULL stands for it.
    this.#write(round, "vote", proposal, approve ? 1 : 0, Number.isNaN(score) ? null : score);
  }

  /** Weights that were pinned for this experiment and not let go of. */
  held(): Held[] {
    const rows = this.#db.prepare(`SELECT round, digest, codec, accepted FROM held WHERE ${IN_SCOPE}`);
    return rows.all(...this.#scope).map((row) => {
      const { round, digest, codec, accepted } = row as unknown as HeldRow;
      return { round, weights: { digest, codec }, accepted: accepted === 1 };
    });
  }

  /** Writes down, before it is done, that weights are pinned for a round. Idempotent. */
  recordHeld({ round, weights, accepted }: Held): void {
    this.#change(
      `INSERT INTO held VALUES (?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET accepted = max(accepted, excluded.accepted)`,
      [...this.#scope, round, weights.digest, weights.codec, accepted ? 1 : 0],
    );
  }

  /** Whether another experiment of this journal holds the same weights. */
  isHeldElsewhere({ digest }: ContentId): boolean {
    const query = `SELECT 1 FROM held WHERE digest = ? AND NOT (${IN_SCOPE}) LIMIT 1`;
    return this.#db.prepare(query).get(digest, ...this.#scope) !== undefined;
  }

  forgetHeld({ digest }: ContentId): void {
    this.#change(`DELETE FROM held WHERE ${IN_SCOPE} AND digest = ?`, [...this.#scope, digest]);
  }

  close(): void {
    this.#db.close();
  }

  #read(round: number, kind: "proposal" | "vote") {
    return this.#db
      .prepare(
        `SELECT digest, codec, approve, score FROM entries
         WHERE ${IN_SCOPE} AND round = ? AND kind = ?`,
      )
      .get(...this.#scope, round, kind) as
      { digest: string; codec: number; approve: number | null; score: number | null } | undefined;
  }

  #write(round: number, kind: string, id: ContentId, approve: number | null, score: number | null): void {
    this.#change("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", [
      ...this.#scope,
      round,
      kind,
      id.digest,
      id.codec,
      approve,
      score,
    ]);
    this.#change(`DELETE FROM entries WHERE ${IN_SCOPE} AND round <= ?`, [...this.#scope, round - KEPT_ROUNDS]);
  }

  /** @throws ColearnError `journal-disk` when the disk does not take it: then nothing has changed. */
  #change(statement: string, values: readonly SQLInputValue[]): void {
    try {
      this.#db.prepare(statement).run(...values);
    } catch (error) {
      throw diskError(error) ?? error;
    }
  }
}

const IN_SCOPE = "chain = ? AND contract = ? AND experiment = ? AND learner = ?";

interface HeldRow {
  readonly round: number;
  readonly digest: string;
  readonly codec: number;
  readonly accepted: number;
}

/** Why SQLite could not write, where the disk is to blame; by the lower byte of its error number. */
const diskErrors: Partial<Record<number, { readonly what: string; readonly remedy: string }>> = {
  8: { what: "it is read-only", remedy: "let this user write to the folder given with --home" },
  10: { what: "the disk failed or is full", remedy: "free some space, or check the disk; the node tries again" },
  13: { what: "the disk is full", remedy: "free some space; the node tries again" },
  14: { what: "its files cannot be opened", remedy: "let this user write to the folder given with --home" },
};

function diskError(error: unknown): ColearnError | undefined {
  if (!(error instanceof Error && "errcode" in error && typeof error.errcode === "number")) return undefined;
  const said = diskErrors[error.errcode & 0xff];
  if (said === undefined) return undefined;
  const message = `the journal cannot be written: ${said.what} (${error.message})`;
  return new ColearnError("journal-disk", message, { remedy: said.remedy, cause: error });
}

/** @throws UserError where a later version wrote the journal: what it means by its entries is not known here */
function requireKnown(db: DatabaseSync, path: string): void {
  const { user_version: version } = db.prepare("PRAGMA user_version").get() as { user_version: number };
  if (version <= VERSION) return;
  db.close();
  throw new UserError("journal", `the journal ${path} is of version ${version}, and this program knows ${VERSION}`, {
    remedy: "run the version of colearn that wrote it, or a later one",
  });
}

function conflict(kind: string, round: number): ColearnError {
  return new ColearnError("journal-conflict", `this node already signed another ${kind} in round ${round}`, {
    remedy: "a second one is never given: wait for the next round",
  });
}
