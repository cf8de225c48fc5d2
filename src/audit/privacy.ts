/** What learners declare of the privacy that they spent, against the manifest's limit and against what they declared before. */
import { checkDeclared } from "../weights/declared.ts";
import { WeightsError } from "../weights/errors.ts";
import type { PrivacyLimit } from "../weights/manifest.ts";
import type { TrainingSummary } from "../weights/weights.ts";
import type { Report } from "./rules.ts";

export interface DeclaredRound {
  readonly round: number;
  readonly proposer: string;
  readonly summary: TrainingSummary | undefined;
}

/** @param rounds those that were accepted, in their order */
export function checkPrivacy(limit: PrivacyLimit, rounds: Iterable<DeclaredRound>, report: Report): void {
  const before = new Map<string, { readonly round: number; readonly epsilon: number }>();
  for (const { round, proposer, summary } of rounds) {
    try {
      checkDeclared(summary, limit);
    } catch (error) {
      if (!(error instanceof WeightsError)) throw error;
      report("privacy", round, `weights were accepted although ${error.message}`);
    }
    const epsilon = summary?.epsilon;
    if (epsilon === undefined) continue;
    const earlier = before.get(proposer);
    if (earlier !== undefined && epsilon < earlier.epsilon) {
      const what = `${proposer} declares an ε of ${epsilon}, and had declared ${earlier.epsilon} in round ${earlier.round}`;
      report("privacy", round, `${what}: what is spent stays spent`);
    }
    before.set(proposer, { round, epsilon });
  }
}
