import type { DatabaseSync, SQLInputValue } from "node:sqlite";

import type { PrivacyCost } from "../learning/interface.ts";
import type { Spendings } from "../learning/privacy/budget.ts";

/** A row for every training that was begun, however often in a round. None is ever removed: what was spent stays spent. */
export const spendingTable = `
  CREATE TABLE IF NOT EXISTS spendings (
    chain TEXT NOT NULL,
    contract TEXT NOT NULL,
    experiment TEXT NOT NULL,
    learner TEXT NOT NULL,
    round INTEGER NOT NULL,
    sample_rate REAL NOT NULL,
    noise_multiplier REAL NOT NULL,
    steps INTEGER NOT NULL
  ) STRICT;
`;

/** What a learner has spent on one experiment, in the journal. */
export class SpendingTable implements Spendings {
  readonly #db: DatabaseSync;
  readonly #scope: readonly [chain: string, contract: string, experiment: string, learner: string];
  readonly #change: (statement: string, values: readonly SQLInputValue[]) => void;

  /** @param change runs a statement, and says why where the disk does not take it */
  constructor(
    db: DatabaseSync,
    scope: readonly [chain: string, contract: string, experiment: string, learner: string],
    change: (statement: string, values: readonly SQLInputValue[]) => void,
  ) {
    this.#db = db;
    this.#scope = scope;
    this.#change = change;
  }

  list(): PrivacyCost[] {
    return this.#rows().map(({ sample_rate, noise_multiplier, steps }) => ({
      sampleRate: sample_rate,
      noiseMultiplier: noise_multiplier,
      steps,
    }));
  }

  /** Rounds in which a training was begun. */
  rounds(): ReadonlySet<number> {
    return new Set(this.#rows().map(({ round }) => round));
  }

  /** On the disk when it returns. @throws ColearnError `journal-disk` when the disk does not take it */
  record(round: number, { sampleRate, noiseMultiplier, steps }: PrivacyCost): void {
    this.#change("INSERT INTO spendings VALUES (?, ?, ?, ?, ?, ?, ?, ?)", [
      ...this.#scope,
      round,
      sampleRate,
      noiseMultiplier,
      steps,
    ]);
  }

  #rows(): Row[] {
    return this.#db
      .prepare(
        `SELECT round, sample_rate, noise_multiplier, steps FROM spendings
         WHERE chain = ? AND contract = ? AND experiment = ? AND learner = ? ORDER BY rowid`,
      )
      .all(...this.#scope) as unknown as Row[];
  }
}

interface Row {
  readonly round: number;
  readonly sample_rate: number;
  readonly noise_multiplier: number;
  readonly steps: number;
}
