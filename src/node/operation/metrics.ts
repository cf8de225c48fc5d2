import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";

import { outcomes, phases, statuses } from "../../ledger/types.ts";

/** Seconds. Chains answer in parts of a second or in minutes. */
const TRANSACTION_BUCKETS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60, 120, 300, 600];
/** Seconds. A small model is trained in one, a large one in an hour. */
const WORK_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600];

/**
 * All that a node or a relay tells of itself, after Prometheus' conventions: base units (seconds, bytes, and ether for
 * amounts of the chain's currency, 10^18 wei), `_total` for what only grows since the process began. Labels take values
 * from this program alone, so their number is bounded. The table in docs/operate.md is held equal to this by a test.
 */
export function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });

  const counter = <L extends string = never>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Counter<L>({ name, help, labelNames, registers });
  const histogram = <L extends string = never>(
    name: string,
    help: string,
    buckets: number[],
    labelNames: readonly L[] = [],
  ) => new Histogram<L>({ name, help, buckets, labelNames, registers });
  /** Not told before it is known: a balance of 0 would be an alarm. */
  const gauge = <L extends string = never>(name: string, help: string, labelNames: readonly L[] = []) => {
    const made = new Gauge<L>({ name, help, labelNames, registers });
    if (labelNames.length === 0) made.remove();
    return made;
  };

  return {
    registry,
    version: gauge("colearn_build_info", "Always 1; the label tells the version that runs.", ["version"]),
    ready: gauge("colearn_ready", "1 where /readyz says so, else 0."),

    round: gauge("colearn_experiment_round", "The open round, or the last one; 0 before the start."),
    rounds: gauge("colearn_experiment_rounds", "Rounds that the experiment has in all."),
    status: gauge("colearn_experiment_status", "1 for the experiment's status, 0 for all others.", ["status"]),
    phase: gauge("colearn_experiment_phase", "1 for the open round's phase, 0 for all others.", ["phase"]),
    deadline: gauge(
      "colearn_experiment_deadline_timestamp_seconds",
      "When the enrolment, the phase or the pause ends, in the chain's time.",
    ),
    active: gauge("colearn_experiment_active_learners", "Learners that are selected and counted."),
    isActive: gauge("colearn_learner_active", "1 where this key is an active learner, else 0."),

    block: gauge("colearn_chain_block_number", "The last block that was seen."),
    blockTime: gauge("colearn_chain_block_timestamp_seconds", "The time of the last block that was seen."),
    chainSeen: gauge("colearn_chain_seen_timestamp_seconds", "When the chain last answered, by the local clock."),

    settled: counter("colearn_rounds_settled_total", "Rounds that ended, by what became of their proposals.", [
      "outcome",
    ]),
    ownSettled: counter(
      "colearn_proposer_rounds_total",
      "Rounds that ended and had this key as proposer, by what became of its proposals.",
      ["outcome"],
    ),
    proposals: counter("colearn_proposals_total", "Proposals that this node brought to the ledger."),
    votes: counter("colearn_votes_total", "Votes that this node cast.", ["vote"]),
    refusals: counter("colearn_refusals_total", "Proposals rejected without a look at what they predict, by reason.", [
      "reason",
    ]),
    synchronisations: counter("colearn_synchronisations_total", "Accepted weights that the learner took up."),
    failures: counter("colearn_step_failures_total", "Steps that failed and were tried again, by the error's code.", [
      "code",
    ]),

    score: gauge("colearn_weights_score", "The learner's own score of the current weights, in the manifest's metric.", [
      "set",
    ]),
    proposalScore: gauge("colearn_proposal_score", "The learner's own score of the last proposal it evaluated.", [
      "set",
    ]),
    epsilon: gauge("colearn_privacy_epsilon", "Differential privacy that the learner has spent, at its budget's δ."),
    epsilonLimit: gauge("colearn_privacy_epsilon_limit", "What the learner may spend of it."),
    training: histogram("colearn_training_seconds", "Time that training for a proposal took.", WORK_BUCKETS),
    evaluation: histogram("colearn_evaluation_seconds", "Time that evaluating weights took.", WORK_BUCKETS),
    fetching: histogram("colearn_fetch_seconds", "Time that fetching weights took.", WORK_BUCKETS),

    transactions: counter("colearn_transactions_total", "Transactions of this key that are final.", [
      "action",
      "result",
    ]),
    latency: histogram(
      "colearn_transaction_seconds",
      "Time from a transaction's first broadcast until it was final.",
      TRANSACTION_BUCKETS,
      ["action"],
    ),
    gas: counter("colearn_gas_used_total", "Gas that this key paid for, in units of gas.", ["action"]),
    fees: counter("colearn_fees_ether_total", "What this key paid for gas.", ["action"]),
    balance: gauge("colearn_balance_ether", "What this key has, of the chain's own currency."),

    storeBytes: gauge("colearn_store_bytes", "Bytes of the store."),
    diskFree: gauge("colearn_disk_free_bytes", "Bytes free for this user on the disk of the node's own folder."),
    collected: counter("colearn_store_collected_blocks_total", "Blocks that were removed because nobody needs them."),
  };
}

export type Metrics = ReturnType<typeof createMetrics>;

/** What a label of these may say: each of them is told from the beginning, so that a rate of it is right. */
export function announceLabels({ settled, ownSettled, votes }: Metrics): void {
  for (const outcome of outcomes.filter((outcome) => outcome !== "open")) {
    settled.inc({ outcome }, 0);
    ownSettled.inc({ outcome }, 0);
  }
  for (const vote of ["approve", "reject"]) votes.inc({ vote }, 0);
}

/** 1 for what is so, 0 for all that could be. */
export function setStatus({ status, phase }: Metrics, is: { readonly status: string; readonly phase: string }): void {
  for (const name of statuses) status.set({ status: name }, Number(name === is.status));
  for (const name of phases) phase.set({ phase: name }, Number(name === is.phase));
}
