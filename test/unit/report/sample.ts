/** A report for tests: three learners, four rounds, one of each outcome, an absent voter in round 2. */
import type { Report, RoundReport, VoteReport } from "../../../src/report/report.ts";

const ABSENT = { approve: null, voteScore: null, testScore: null, tx: null } as const;

function vote(learner: number, approve: boolean | null, score: number): VoteReport {
  return { learner, approve, voteScore: score, testScore: score - 0.02, tx: approve === null ? null : "0xabc" };
}

const milliseconds = { train: 6000, store: 300, fetch: 200, evaluate: 2000, ledger: 500, total: 10_000 };

export function ledgerReport(): Report {
  return {
    task: "mnist",
    driver: "ledger",
    seed: 7,
    backend: "wasm",
    metric: { name: "accuracy", direction: "maximise" },
    chainId: 31337,
    contract: "0x5FbDB2315678afecb367f032d93F642f64180aa3",
    experimentId: 1,
    learners: [0, 1, 2].map((index) => ({ index, address: `0x000000000000000000000000000000000000000${index}` })),
    rounds: [
      {
        round: 1,
        proposer: 0,
        status: "accepted",
        weights: "bafyone",
        votes: [vote(0, null, 0.62), vote(1, true, 0.6), vote(2, true, 0.64)],
        gasUsed: 1000,
        milliseconds,
      },
      {
        round: 2,
        proposer: 1,
        status: "rejected",
        weights: "bafytwo",
        votes: [vote(0, false, 0.5), vote(1, null, 0.52), { learner: 2, ...ABSENT }],
        gasUsed: 2000,
        milliseconds,
      },
      {
        round: 3,
        proposer: 2,
        status: "skipped",
        weights: null,
        votes: [0, 1, 2].map((learner) => ({ learner, ...ABSENT })),
        gasUsed: 400,
        milliseconds: { ...milliseconds, train: 0, evaluate: 0 },
      },
      {
        round: 4,
        proposer: 0,
        status: "accepted",
        weights: "bafyfour",
        votes: [vote(0, null, 0.92), vote(1, true, 0.9), vote(2, false, 0.94)],
        gasUsed: 600,
        milliseconds,
      },
    ],
    initial: { meanTestScore: 0.1 },
    final: { weights: "bafyfour", meanTestScore: 0.9 },
    individual: { meanTestScore: 0.8, bestTestScore: 0.85 },
  };
}

/** The same run without a ledger. */
export function localReport(): Report {
  const { task, seed, backend, metric, learners, rounds, initial, final } = ledgerReport();
  return {
    task,
    driver: "local",
    seed,
    backend,
    metric,
    learners: learners.map(({ index }) => ({ index })),
    rounds: rounds.map(({ round, proposer, status, votes, milliseconds: { train, evaluate, total } }) => ({
      round,
      proposer,
      status,
      votes: votes.map(({ learner, approve, voteScore, testScore }) => ({ learner, approve, voteScore, testScore })),
      milliseconds: { train, evaluate, total },
    })),
    initial,
    final: { meanTestScore: final.meanTestScore },
  };
}

/** As many learners and rounds as asked for: every vote approves, every round is accepted. */
export function largeReport(learners: number, rounds: number): Report {
  const one = (round: number): RoundReport => ({
    round,
    proposer: (round - 1) % learners,
    status: "accepted",
    votes: Array.from({ length: learners }, (_, learner) => ({
      learner,
      approve: learner === (round - 1) % learners ? null : true,
      voteScore: 1 - 1 / (round + 1),
      testScore: 1 - 1 / (round + 1) - learner / 1000,
    })),
    milliseconds: { train: 1, evaluate: 1, total: 2 },
  });
  return {
    ...localReport(),
    learners: Array.from({ length: learners }, (_, index) => ({ index })),
    rounds: Array.from({ length: rounds }, (_, at) => one(at + 1)),
  };
}
