/** Figures as they are kept and compared. */

/** Gas by step (or bytes), in the order of the page. */
export type Steps = Record<string, number>;

/** Steps by section. */
export type Figures = Record<string, Steps>;

const DRIFT = 0.005;
/** EIP-170, in bytes. */
const CODE_SIZE_LIMIT = 24_576;

export interface Target {
  readonly name: string;
  readonly value: number;
  /** The most that it may be. */
  readonly limit: number;
}

export function figure(figures: Figures, section: string, step: string): number {
  const value = figures[section]?.[step];
  if (value === undefined) throw new Error(`nobody measured ${section}: ${step}`);
  return value;
}

/** What the contracts promise. */
export function targetsOf(figures: Figures): Target[] {
  const [early, late] = [2, 200].map((round) => figure(figures, "Whole rounds", `round ${round}, open, of 10`));
  if (early === undefined || late === undefined) throw new Error("nobody measured the rounds");
  return [
    { name: "a vote", value: figure(figures, "Open ballot", "vote"), limit: 33_000 },
    { name: "a proposal", value: figure(figures, "Open ballot", "propose"), limit: 65_000 },
    { name: "an open round of 10", value: figure(figures, "Whole rounds", "open round of 10"), limit: 440_000 },
    {
      name: "a vote in a batch of 50",
      value: figure(figures, "Votes by signature", "batch of 50, a vote"),
      limit: 9000,
    },
    { name: "difference of rounds 2 and 200", value: Math.abs(late - early), limit: Math.floor(DRIFT * early) },
    ...["CollectiveLearning", "Stakes"].map((contract) => ({
      name: `code of ${contract} (bytes)`,
      value: figure(figures, "Runtime code (bytes)", contract),
      limit: CODE_SIZE_LIMIT - 1,
    })),
  ];
}

/** What differs from the committed figures, a line each. */
export function driftOf(committed: Figures, measured: Figures): string[] {
  const lines: string[] = [];
  for (const section of new Set([...Object.keys(committed), ...Object.keys(measured)])) {
    const [old, current] = [committed[section] ?? {}, measured[section] ?? {}];
    for (const step of new Set([...Object.keys(old), ...Object.keys(current)])) {
      const [before, now] = [old[step], current[step]];
      if (before !== undefined && now !== undefined && Math.abs(now - before) <= DRIFT * before) continue;
      lines.push(`${section}: ${step}: ${before ?? "not measured"} before, ${now ?? "not measured"} now`);
    }
  }
  return lines;
}
