/**
 * The driver without a ledger: all learners in one process, round after round, by the same rules as the contract's. The
 * same learners make the same decisions under both.
 */
import { ColearnError } from "../errors.ts";
import { throwIfAborted } from "./abort.ts";
import { isAccepted } from "./approval.ts";
import type { Weights } from "../weights/weights.ts";
import type { MachineLearningInterface, WorkOptions } from "./interface.ts";
import { isBudgetSpent } from "./privacy/budget.ts";
import type { Scores } from "./scores.ts";

export interface LocalExperiment {
  /** Two or more. The proposer of round n is learner (n - 1) modulo their number. All hold the same current weights. */
  readonly learners: readonly MachineLearningInterface[];
  readonly rounds: number;
  /** See `isAccepted`. */
  readonly approvalBps: number;
  readonly signal?: AbortSignal | undefined;
  /** Training steps done in the round. */
  readonly onProgress?: ((round: number, done: number, total: number) => void) | undefined;
}

interface LocalVote extends Scores {
  /** Index of the learner. */
  readonly learner: number;
  /** Null for the proposer, which has no vote; its scores are for reports. Without a proposal, null and NaN for all. */
  readonly approve: boolean | null;
}

export interface LocalRound {
  /** From 1 upwards. */
  readonly round: number;
  /** Index of the learner that proposed. */
  readonly proposer: number;
  /** "skipped" where the proposer's budget of privacy allows no further training. */
  readonly outcome: "accepted" | "rejected" | "skipped";
  /** What the proposer had spent of its data's privacy; only where it has a budget of it. */
  readonly epsilon?: number | undefined;
  /** One for each learner, in their order. */
  readonly votes: readonly LocalVote[];
  readonly milliseconds: { readonly train: number; readonly evaluate: number; readonly total: number };
}

/**
 * Runs the rounds, giving a record of each when it is settled.
 * @throws ColearnError `too-few-learners`, `aborted`, or what a learner throws: a round of one process has no absentees
 */
export async function* runLocal(experiment: LocalExperiment): AsyncGenerator<LocalRound, void, undefined> {
  const { learners, rounds, approvalBps, signal, onProgress } = experiment;
  if (learners.length < 2) {
    throw new ColearnError("too-few-learners", `${learners.length} learners cannot vote on each other's weights`, {
      remedy: "take two learners or more",
    });
  }
  for (let round = 1; round <= rounds; round++) {
    throwIfAborted(signal);
    const proposer = (round - 1) % learners.length;
    const start = performance.now();
    const weights = await trainOrPass(learnerAt(learners, proposer), round, {
      signal,
      onProgress: (done, total) => onProgress?.(round, done, total),
    });
    const trained = performance.now();
    if (weights === undefined) {
      const votes = learners.map((_, learner) => ({ learner, approve: null, voteScore: NaN, testScore: NaN }));
      const milliseconds = { train: 0, evaluate: 0, total: trained - start };
      yield { round, proposer, outcome: "skipped", votes, milliseconds };
      continue;
    }
    const votes = await Promise.all(
      learners.map(async (learner, index): Promise<LocalVote> => {
        const { vote, voteScore, testScore } = await learner.testWeights(weights, { signal });
        return { learner: index, approve: index === proposer ? null : vote, voteScore, testScore };
      }),
    );
    const approvals = votes.filter(({ approve }) => approve === true).length;
    const accepted = isAccepted({ approvals, voters: learners.length - 1, approvalBps });
    const evaluated = performance.now();
    if (accepted) await Promise.all(learners.map((learner) => learner.acceptWeights(weights, { signal })));
    yield {
      round,
      proposer,
      outcome: accepted ? "accepted" : "rejected",
      ...(weights.summary?.epsilon !== undefined && { epsilon: weights.summary.epsilon }),
      votes,
      milliseconds: { train: trained - start, evaluate: evaluated - trained, total: performance.now() - start },
    };
  }
}

/** Undefined where the learner's budget of privacy allows no further training. */
async function trainOrPass(
  learner: MachineLearningInterface,
  round: number,
  work: WorkOptions,
): Promise<Weights | undefined> {
  return learner.proposeWeights(round, work).catch((error: unknown) => {
    if (!isBudgetSpent(error)) throw error;
    return undefined;
  });
}

/** The scores of each learner's current weights, in the learners' order. */
export async function scoreCurrent(
  learners: readonly MachineLearningInterface[],
  signal?: AbortSignal,
): Promise<Scores[]> {
  return Promise.all(
    learners.map(async (learner) => {
      const { voteScore, testScore } = await learner.testWeights(await learner.currentWeights(), { signal });
      return { voteScore, testScore };
    }),
  );
}

export interface AloneExperiment {
  /** Each starts from its current weights and ends with those it reached. */
  readonly learners: readonly MachineLearningInterface[];
  readonly rounds: number;
  readonly signal?: AbortSignal | undefined;
  /** Called after each learner's each round; `total` is learners × rounds. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/**
 * What each learner reaches alone: it trains in every round, on as many steps as the whole experiment has, and always
 * takes its own weights, as long as its budget of privacy lasts. Gives the scores at the end, in the learners' order.
 */
export async function trainAlone({ learners, rounds, signal, onProgress }: AloneExperiment): Promise<Scores[]> {
  let done = 0;
  await Promise.all(
    learners.map(async (learner) => {
      for (let round = 1; round <= rounds; round++) {
        const weights = await trainOrPass(learner, round, { signal });
        if (weights !== undefined) await learner.acceptWeights(weights, { signal });
        onProgress?.(++done, learners.length * rounds);
      }
    }),
  );
  return scoreCurrent(learners, signal);
}

function learnerAt(learners: readonly MachineLearningInterface[], index: number): MachineLearningInterface {
  const learner = learners[index];
  if (learner === undefined) throw new RangeError(`there is no learner ${index}`);
  return learner;
}
