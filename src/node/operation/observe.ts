import { formatEther } from "ethers";

import { count, has, type Snapshot } from "../../ledger/types.ts";
import type { Milliseconds, NodeEvent, Scores } from "../events.ts";
import { setStatus, type Metrics } from "./metrics.ts";

/** A transaction of this node's key that is final. */
export interface FinalTransaction {
  readonly action: string;
  readonly succeeded: boolean;
  readonly gasUsed: bigint;
  /** Wei. */
  readonly fee: bigint;
  /** From the first broadcast. */
  readonly milliseconds: number;
}

/** Counts what a node told. */
export function observeEvent(metrics: Metrics, event: NodeEvent, self: string | undefined): void {
  switch (event.event) {
    case "settled":
      metrics.settled.inc({ outcome: event.outcome });
      if (event.proposer === self) metrics.ownSettled.inc({ outcome: event.outcome });
      return;
    case "proposed":
      metrics.proposals.inc();
      observeWork(metrics, event.milliseconds);
      return;
    case "evaluated":
      setScores(metrics.proposalScore, event);
      return;
    case "voted":
      metrics.votes.inc({ vote: event.approve ? "approve" : "reject" });
      if (event.refusal !== null) metrics.refusals.inc({ reason: event.refusal });
      observeWork(metrics, event.milliseconds);
      setScores(metrics.proposalScore, event);
      return;
    case "synchronised":
      metrics.synchronisations.inc();
      observeWork(metrics, event.milliseconds);
      setScores(metrics.score, event);
      return;
    case "failed":
      metrics.failures.inc({ code: event.code });
      return;
    case "collected":
      metrics.collected.inc(event.blocks);
      return;
    case "ready":
    case "joined":
    case "passed":
    case "revealed":
    case "advanced":
    case "stopped":
    case "recovered":
    case "finished":
      return;
  }
}

/** Milliseconds of work that was not done are left out: a vote that is cast again, weights that were refused unread. */
function observeWork({ training, evaluation, fetching }: Metrics, { train, evaluate, fetch }: Milliseconds): void {
  if (train !== undefined) training.observe(train / 1000);
  if (evaluate !== undefined && evaluate > 0) evaluation.observe(evaluate / 1000);
  if (fetch !== undefined) fetching.observe(fetch / 1000);
}

function setScores(gauge: Metrics["score"], { voteScore, testScore }: Scores): void {
  for (const [set, score] of Object.entries({ vote: voteScore, test: testScore })) {
    if (score === null) gauge.remove({ set });
    else gauge.set({ set }, score);
  }
}

/** Takes over what the ledger said. */
export function observeSnapshot(metrics: Metrics, snapshot: Snapshot): void {
  setStatus(metrics, snapshot);
  metrics.round.set(snapshot.round);
  metrics.rounds.set(snapshot.rounds);
  metrics.deadline.set(snapshot.deadline);
  metrics.active.set(count(snapshot.active));
  metrics.isActive.set(Number(snapshot.index !== undefined && has(snapshot.active, snapshot.index)));
  metrics.block.set(snapshot.blockNumber);
  metrics.blockTime.set(snapshot.timestamp);
}

export function observeTransaction(metrics: Metrics, transaction: FinalTransaction): void {
  const { action, succeeded, gasUsed, fee, milliseconds } = transaction;
  metrics.transactions.inc({ action, result: succeeded ? "success" : "failure" });
  metrics.latency.observe({ action }, milliseconds / 1000);
  metrics.gas.inc({ action }, Number(gasUsed));
  metrics.fees.inc({ action }, Number(formatEther(fee)));
}
