/** What a proposal declares of the privacy behind it, against the manifest's limit. It is its proposer's claim, and no proof. */
import { WeightsError } from "./errors.ts";
import type { PrivacyLimit } from "./manifest.ts";
import type { TrainingSummary } from "./weights.ts";

/** @throws WeightsError `privacy-undeclared`, `privacy-delta` or `privacy-exceeded` */
export function checkDeclared({ epsilon, delta }: TrainingSummary = {}, limit: PrivacyLimit): void {
  if (epsilon === undefined || delta === undefined) {
    const what = epsilon === undefined ? "ε" : "δ";
    throw new WeightsError(
      "privacy-undeclared",
      `the training summary has no ${what}, and the manifest limits privacy`,
    );
  }
  if (delta !== limit.delta) {
    throw new WeightsError(
      "privacy-delta",
      `the training summary has a δ of ${delta}, and the manifest ${limit.delta}`,
    );
  }
  if (epsilon > limit.epsilon) {
    throw new WeightsError(
      "privacy-exceeded",
      `its learner declares an ε of ${epsilon}, and the manifest allows ${limit.epsilon}`,
    );
  }
}
