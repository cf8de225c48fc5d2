import type { DatabaseSync, SQLInputValue } from "node:sqlite";

import type { LoggedTransaction, TransactionLog } from "../ledger/transaction-log.ts";

/** How many used nonces stay, for whoever looks into the journal. */
const KEPT_NONCES = 256;

/** `outcome`: none while the nonce is not known to be used, then whether it was this transaction that used it. */
export const transactionTable = `
  CREATE TABLE IF NOT EXISTS transactions (
    chain TEXT NOT NULL,
    learner TEXT NOT NULL,
    hash TEXT NOT NULL,
    nonce INTEGER NOT NULL,
    action TEXT NOT NULL,
    recipient TEXT NOT NULL,
    data TEXT NOT NULL,
    gas_limit TEXT NOT NULL,
    most TEXT NOT NULL,
    tip TEXT,
    since INTEGER NOT NULL,
    began INTEGER NOT NULL,
    outcome TEXT CHECK (outcome IN ('mined', 'replaced')),
    PRIMARY KEY (chain, learner, hash)
  ) STRICT;
`;

interface Row {
  readonly hash: string;
  readonly nonce: number;
  readonly action: string;
  readonly recipient: string;
  readonly data: string;
  readonly gas_limit: string;
  readonly most: string;
  readonly tip: string | null;
  readonly since: number;
  readonly began: number;
}

/** A key's transactions in the journal: those of all experiments, since they share its nonces. */
export class TransactionTable implements TransactionLog {
  readonly #db: DatabaseSync;
  readonly #key: readonly [chain: string, learner: string];
  readonly #change: (statement: string, values: readonly SQLInputValue[]) => void;

  /** @param change runs a statement, and says why where the disk does not take it */
  constructor(
    db: DatabaseSync,
    key: readonly [chain: string, learner: string],
    change: (statement: string, values: readonly SQLInputValue[]) => void,
  ) {
    this.#db = db;
    this.#key = key;
    this.#change = change;
  }

  open(): LoggedTransaction[] {
    const rows = this.#db
      .prepare(
        `SELECT hash, nonce, action, recipient, data, gas_limit, most, tip, since, began FROM transactions
         WHERE chain = ? AND learner = ? AND outcome IS NULL ORDER BY nonce, rowid`,
      )
      .all(...this.#key) as unknown as Row[];
    return rows.map(({ hash, nonce, action, recipient, data, gas_limit, most, tip, since, began }) => ({
      hash,
      nonce,
      action,
      to: recipient,
      data,
      gasLimit: BigInt(gas_limit),
      fees: { most: BigInt(most), tip: tip === null ? undefined : BigInt(tip) },
      since,
      began,
    }));
  }

  record({ hash, nonce, action, to, data, gasLimit, fees, since, began }: LoggedTransaction): void {
    const amounts = [gasLimit.toString(), fees.most.toString(), fees.tip?.toString() ?? null] as const;
    this.#change(
      // What a reorganisation undid is sent again as it was.
      `INSERT INTO transactions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)
       ON CONFLICT DO UPDATE SET outcome = NULL`,
      [...this.#key, hash, nonce, action, to, data, ...amounts, since, began],
    );
  }

  close(nonce: number, hash: string | undefined): void {
    this.#change(
      `UPDATE transactions SET outcome = CASE WHEN hash = ? THEN 'mined' ELSE 'replaced' END
       WHERE chain = ? AND learner = ? AND nonce = ?`,
      [hash ?? "", ...this.#key, nonce],
    );
    this.#change("DELETE FROM transactions WHERE chain = ? AND learner = ? AND nonce <= ? AND outcome IS NOT NULL", [
      ...this.#key,
      nonce - KEPT_NONCES,
    ]);
  }
}
