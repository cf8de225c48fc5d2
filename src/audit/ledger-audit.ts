/** All that can be checked of an experiment without its files. Pure. */
import { domainOf } from "../ledger/signed-vote.ts";
import { checkAuthors, type Authorship } from "./authors.ts";
import type { CalledContract } from "./calls.ts";
import type { ExperimentRecord } from "./record.ts";
import { replay } from "./replay.ts";
import type { Report, Violation } from "./rules.ts";
import { checkStorage } from "./storage.ts";

export interface LedgerAudit {
  /** In the order of the rounds, and within a round in that of the chain. */
  readonly violations: readonly Violation[];
  readonly authorship: Authorship;
}

/** Replays the record, asks the transactions who did what, and compares with the contract's storage. */
export function auditRecord(contract: CalledContract, record: ExperimentRecord): LedgerAudit {
  const violations: Violation[] = [];
  const report: Report = (rule, round, detail) => violations.push({ rule, round, detail });
  const { chainId, experiment, history, stored, keys } = record;
  const [first] = history.events;
  const state = replay(history.events, report);
  const domain = domainOf(chainId, contract.address);
  const authorship = checkAuthors({ contract, chainId, experiment, domain, history, keys }, report);
  if (state && first) checkStorage(state, stored, first, report);
  return { violations: violations.toSorted((one, other) => one.round - other.round), authorship };
}
