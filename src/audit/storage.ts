/** Whether the contract's storage holds what its events came to. */
import { has } from "../ledger/types.ts";
import { deviations } from "./deviations.ts";
import type { LedgerEvent } from "./history.ts";
import type { StoredExperiment } from "./record.ts";
import type { Report, Rule } from "./rules.ts";
import { lastRound, type State } from "./state.ts";

/** Reports where they differ. */
export function checkStorage(state: State, stored: StoredExperiment, first: LedgerEvent, report: Report): void {
  const last = state.rounds.length;
  const check = (what: string, round: number, wanted: object, found: object, rule: Rule = "storage") => {
    for (const [, sentence] of deviations(wanted, found)) report(rule, round, `${what} has ${sentence}`);
  };
  check("the config", 0, state.config, stored.config);
  const { coordinator, status, phase, deadline, active, weights, weightsRound, learners } = state;
  check("the experiment", 0, { coordinator, createdBlock: first.block }, stored);
  const list = learners.map(({ address }) => address);
  check("the contract", last, { learners: list }, { learners: stored.learners });
  check("the snapshot", last, { weights, weightsRound }, stored.snapshot, "lineage");
  const counts = { round: last, rounds: state.config.rounds, learnerCount: learners.length };
  check("the snapshot", last, { status, phase, deadline, active, ...counts, ...openRound(state) }, stored.snapshot);
  for (const [at, { proposer, ...round }] of state.rounds.entries()) {
    const found = stored.rounds[at];
    if (!found) report("storage", at + 1, "the round is not there");
    else check("the round", at + 1, { ...round, proposer: learners[proposer]?.address }, found);
  }
  if (stored.rounds.length > last) report("storage", last, `there are ${stored.rounds.length} rounds, not ${last}`);
  for (const [index, { suspensions, link }] of learners.entries()) {
    const [isActive, struck] = [has(active, index), has(state.struck, index)];
    const wanted = { index, active: isActive, struck, suspensions, ...(link === undefined ? {} : { link }) };
    check(`learner ${index}`, last, wanted, stored.standings[index] ?? {});
  }
}

function openRound(state: State): object {
  const round = state.phase === "none" ? undefined : lastRound(state);
  const { proposal, voters = 0n, approvals = 0n, rejections = 0n, seals = 0n } = round ?? {};
  const proposer = round && state.learners[round.proposer]?.address;
  return { proposer, proposal, voters, approvals, rejections, seals };
}
