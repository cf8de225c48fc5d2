/**
 * A learner that keeps to a budget of differential privacy, around any learner that knows what its training costs. What was
 * spent is written down before it is spent, and what would be too much is not begun.
 */
import { ColearnError, UserError } from "../../errors.ts";
import type { PrivacyLimit } from "../../weights/manifest.ts";
import type { Weights } from "../../weights/weights.ts";
import type { Evaluation, MachineLearningInterface, Model, PrivacyCost, WorkOptions } from "../interface.ts";
import { epsilonOf } from "./accountant.ts";

/** What a learner has spent on one experiment. */
export interface Spendings {
  /** Of every training that was begun. */
  list(): readonly PrivacyCost[];
  /** Writes a training down: it may begin when this returns. */
  record(round: number, cost: PrivacyCost): void;
}

/** Spendings of a run that nothing outlives. */
export class MemorySpendings implements Spendings {
  readonly #costs: PrivacyCost[] = [];

  list(): readonly PrivacyCost[] {
    return this.#costs;
  }

  record(_round: number, cost: PrivacyCost): void {
    this.#costs.push(cost);
  }
}

const SPENT = "privacy-budget";

/** Whether a training was not begun because its learner's budget does not allow it: no failure, and none to try again. */
export function isBudgetSpent(error: unknown): error is ColearnError {
  return error instanceof ColearnError && error.code === SPENT;
}

/**
 * Each training that begins is charged in full and for good, whatever becomes of it. One that breaks off may have been seen:
 * its weights may lie in a store, or be on their way, when the process dies. The next one draws new noise, and so tells more.
 */
export class BudgetedLearner implements MachineLearningInterface {
  readonly limit: PrivacyLimit;
  readonly #learner: MachineLearningInterface;
  readonly #spendings: Spendings;
  /** The last training's result: who asks again in its round, because the store was full, gets it, and pays once. */
  #made: { readonly round: number; readonly weights: Weights } | undefined;

  /** The round whose training was charged and broke off: a node tries again every few seconds, and would spend it all. */
  #brokeOff: number | undefined;

  /** @param learner is disposed of with this one */
  constructor(learner: MachineLearningInterface, limit: PrivacyLimit, spendings: Spendings) {
    this.#learner = learner;
    this.limit = limit;
    this.#spendings = spendings;
  }

  /** The ε spent so far, at the limit's δ. */
  get epsilon(): number {
    return epsilonOf(this.#spendings.list(), this.limit.delta);
  }

  /**
   * Trains, if the budget allows it; the summary tells ε and δ, this training included.
   * @throws ColearnError `privacy-budget` where it does not; UserError `not-private` where the learner's training is not
   */
  async proposeWeights(round: number, options?: WorkOptions): Promise<Weights> {
    if (this.#made?.round === round) return this.#made.weights;
    this.#made = undefined;
    if (this.#brokeOff === round) {
      throw new ColearnError(
        SPENT,
        "this round's training was charged and broke off; the next one comes with the next turn",
      );
    }
    const cost = await requirePrivate(this.#learner);
    const { epsilon: most, delta } = this.limit;
    const epsilon = epsilonOf([...this.#spendings.list(), cost], delta);
    if (epsilon > most) {
      const spent = `${this.epsilon.toPrecision(4)} of ${most}`;
      throw new ColearnError(SPENT, `one more training would bring ε from ${spent} to ${epsilon.toPrecision(4)}`, {
        remedy:
          "this learner goes on voting; more noise or fewer steps in another experiment make a budget last longer",
      });
    }
    this.#spendings.record(round, cost);
    this.#brokeOff = round;
    const trained = await this.#learner.proposeWeights(round, options);
    this.#brokeOff = undefined;
    const weights = { ...trained, summary: { ...trained.summary, epsilon, delta } };
    this.#made = { round, weights };
    return weights;
  }

  testWeights(weights: Weights, options?: WorkOptions): Promise<Evaluation> {
    return this.#learner.testWeights(weights, options);
  }

  acceptWeights(weights: Weights, options?: WorkOptions): Promise<void> {
    this.#made = undefined;
    return this.#learner.acceptWeights(weights, options);
  }

  currentWeights(): Promise<Weights> {
    return this.#learner.currentWeights();
  }

  currentModel(): Promise<Model> {
    return this.#learner.currentModel();
  }

  async privacyCost(): Promise<PrivacyCost | undefined> {
    return this.#learner.privacyCost?.();
  }

  dispose(): Promise<void> {
    return this.#learner.dispose();
  }
}

/**
 * What the next training costs.
 * @throws UserError `not-private` where the learner's training is not private
 */
export async function requirePrivate(learner: MachineLearningInterface): Promise<PrivacyCost> {
  const cost = await learner.privacyCost?.();
  if (cost !== undefined) return cost;
  throw new UserError("not-private", "privacy is limited, and this learner's training is not private", {
    remedy: "use a task whose training adds noise, or an experiment without limits",
  });
}
