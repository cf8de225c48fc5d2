import type { ExperimentConfig } from "../../../src/ledger/types.ts";

/** An experiment of nothing in particular: manifest and weights are nobody's. */
export function configWith(changes: Partial<ExperimentConfig>): ExperimentConfig {
  return {
    manifest: { digest: `0x${"1".repeat(64)}`, codec: 0x55 },
    weights: { digest: `0x${"2".repeat(64)}`, codec: 0x70 },
    rounds: 3,
    minLearners: 2,
    maxLearners: 3,
    approvalBps: 5_000,
    proposeWindow: 60,
    voteWindow: 60,
    pauseLimit: 60,
    enrolmentDeadline: Math.floor(Date.now() / 1000) + 3_600,
    admission: "open",
    selection: "round-robin",
    ballot: "open",
    earlyDecision: false,
    revealWindow: 0,
    stakes: undefined,
    ...changes,
  };
}
