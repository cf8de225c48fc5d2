import type { PrivacyCost } from "../../../../src/learning/interface.ts";
import { PlusOneLearner } from "../plus-one-learner.ts";

/** A learner whose trainings cost privacy, and that adds no noise. */
export class PrivateLearner extends PlusOneLearner {
  cost: PrivacyCost | undefined = { sampleRate: 0.1, noiseMultiplier: 1, steps: 10 };

  async privacyCost(): Promise<PrivacyCost | undefined> {
    return this.cost;
  }
}
