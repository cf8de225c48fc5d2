/**
 * The laws of the machine learning interface, as checks of any learner: what drivers rely on and no type can say. Each law
 * has learners of its own, so that one that is broken does not hide another.
 */
import { abortingStops, roundsDiffer, roundsRepeat } from "./laws/training-laws.ts";
import { disposingFrees, roundsLeaveNothing } from "./laws/tensor-laws.ts";
import { explain, type Law, type LawSubject, type Trial } from "./laws/trial.ts";
import { strangersAreRefused, votesFollow } from "./laws/voting-laws.ts";
import {
  acceptingTakes,
  modelIsConstant,
  proposalFits,
  proposalIsGiven,
  proposingKeeps,
  resultsAreClonable,
  testingKeeps,
} from "./laws/weights-laws.ts";

export type { LawSubject };

/** `doubtful`: nothing breaks by it, but it is seldom meant. */
export type LawOutcome = "kept" | "broken" | "doubtful" | "skipped";

export interface LawFinding {
  /** The law as a sentence. */
  readonly law: string;
  readonly outcome: LawOutcome;
  /** What was seen, where the law was not simply kept. */
  readonly detail?: string;
}

const laws: readonly (readonly [law: string, check: Law])[] = [
  ["the model is the same whenever it is made, and fits a manifest", modelIsConstant],
  ["a proposal has exactly the tensors of the model, all finite", proposalFits],
  ["proposing does not change the current weights", proposingKeeps],
  ["testing does not change the current weights", testingKeeps],
  ["accepting does change them, to exactly what was accepted, through a file", acceptingTakes],
  ["what was proposed is not the learner's any more: it may be moved to another thread", proposalIsGiven],
  ["the same round from the same weights gives the same proposal, in a new learner too", roundsRepeat],
  ["every round trains anew", roundsDiffer],
  ["scores are finite, the same for the same weights, and the vote follows from them", votesFollow],
  ["weights that are none of this model's are refused or rejected, and do no harm", strangersAreRefused],
  ["work that is called off stops, and leaves the learner as it was", abortingStops],
  ["all that the learner gives survives the journey between threads", resultsAreClonable],
  ["rounds leave no tensors behind", roundsLeaveNothing],
  ["disposing frees all that the learner holds, and may be done twice", disposingFrees],
];

/** Checks the laws one after the other. A learner that throws where it must not breaks the law in question. */
export async function* checkLaws(subject: LawSubject): AsyncGenerator<LawFinding, void, undefined> {
  const model = await subject.createModel();
  const withLearner: Trial["withLearner"] = async (work) => {
    const learner = await subject.createLearner();
    try {
      await learner.acceptWeights(model.weights);
      return await work(learner);
    } finally {
      await learner.dispose();
    }
  };
  for (const [law, check] of laws) {
    try {
      const remark = await check({ subject, model, withLearner });
      yield remark === undefined ? { law, outcome: "kept" } : { law, ...remark };
    } catch (error) {
      yield { law, outcome: "broken", detail: explain(error) };
    }
  }
}
