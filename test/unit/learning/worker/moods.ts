/** What tests ask of the learner in `fixture.ts`. */
export interface FixtureOptions {
  readonly start?: "user-error" | "defect" | "exit";
  readonly learner?: "tiny";
}

/** Proposals of these rounds misbehave. */
export const rounds = {
  throwColearnError: 101,
  throwDefect: 102,
  crash: 103,
  exit: 104,
  untilAborted: 105,
  busy: 106,
} as const;
