/**
 * The report of a run: what `report.json` holds, and its summary for the terminal. Pure: a driver fills the report in,
 * this room turns it into text. The schema is the only description of the format; the types follow from it.
 *
 * Scores are in the metric's unit, times in milliseconds. A score is null where there is none: the learner was absent,
 * the round was skipped, or the learner has no test split. The local driver leaves out what only a ledger has.
 */
import { z } from "zod";

const score = z.number().nullable();
const count = z.number().int().nonnegative();
const duration = z.number().nonnegative();

const voteSchema = z.strictObject({
  /** The learner's index. */
  learner: count,
  /** Null for the proposer, who does not vote, and for an absent voter. */
  approve: z.boolean().nullable(),
  voteScore: score,
  testScore: score,
  /** The vote's transaction; null where there is none. Ledger only. */
  tx: z.string().nullable().optional(),
});

const roundSchema = z.strictObject({
  /** From 1: round 0 stands for the initial weights. */
  round: z.number().int().positive(),
  /** The proposer's index. */
  proposer: count,
  status: z.enum(["accepted", "rejected", "skipped"]),
  /** Content id of the proposed weights; null in a skipped round. Ledger only. */
  weights: z.string().nullable().optional(),
  /** Differential privacy that the proposer had spent by then, where its budget is limited and it proposed. */
  epsilon: z.number().nonnegative().optional(),
  /** One entry a learner, the proposer (with its own scores) and absent voters included. */
  votes: z.array(voteSchema),
  /** All of the round's transactions together. Ledger only. */
  gasUsed: count.optional(),
  /** Wall time of the round by step; what no step claims is waiting. */
  milliseconds: z.strictObject({
    train: duration,
    store: duration.optional(),
    fetch: duration.optional(),
    evaluate: duration,
    ledger: duration.optional(),
    total: duration,
  }),
});

/** What `report.json` holds. */
export const reportSchema = z
  .strictObject({
    task: z.string(),
    driver: z.enum(["ledger", "local"]),
    seed: z.number().int(),
    backend: z.string(),
    metric: z.strictObject({ name: z.string(), direction: z.enum(["maximise", "minimise"]) }),
    chainId: count.optional(),
    contract: z.string().optional(),
    experimentId: count.optional(),
    learners: z.array(z.strictObject({ index: count, address: z.string().optional() })).min(1),
    rounds: z.array(roundSchema),
    initial: z.strictObject({ meanTestScore: score }),
    /** The last accepted weights. */
    final: z.strictObject({ weights: z.string().nullable().optional(), meanTestScore: score }),
    /** What each learner reaches alone, on as many training steps as the whole experiment had. */
    individual: z.strictObject({ meanTestScore: score, bestTestScore: score }).optional(),
  })
  .superRefine((report, context) => {
    const complain = (path: (string | number)[], message: string): void => {
      context.addIssue({ code: "custom", path, message });
    };
    for (const key of ["chainId", "contract", "experimentId"] as const) {
      if ((report.driver === "ledger") !== (report[key] !== undefined)) {
        complain([key], report.driver === "ledger" ? "is missing" : "is for the ledger driver only");
      }
    }
    const learners = new Set(report.learners.map((learner) => learner.index));
    if (learners.size !== report.learners.length) complain(["learners"], "has an index twice");
    report.rounds.forEach((round, at) => {
      if (!learners.has(round.proposer)) complain(["rounds", at, "proposer"], "is no learner's index");
      const seen = new Set(round.votes.map((vote) => vote.learner));
      if (round.votes.length !== learners.size || ![...learners].every((index) => seen.has(index))) {
        complain(["rounds", at, "votes"], "needs one entry for each learner");
      }
      const proposersVote = round.votes.find((vote) => vote.learner === round.proposer);
      if (typeof proposersVote?.approve === "boolean") complain(["rounds", at, "votes"], "has a vote by the proposer");
    });
  });

export type Report = z.infer<typeof reportSchema>;
export type RoundReport = Report["rounds"][number];
export type VoteReport = RoundReport["votes"][number];
type RoundStatus = RoundReport["status"];

/** The mean of the scores there are; null where there are none. Not-a-number counts as none. */
export function meanScore(scores: readonly (number | null)[]): number | null {
  const finite = scores.filter((value): value is number => value !== null && Number.isFinite(value));
  return finite.length === 0 ? null : finite.reduce((sum, value) => sum + value, 0) / finite.length;
}

/** The mean test score over the learners that have one: of a round's votes, or of evaluations. */
export function meanTestScore(evaluations: readonly { readonly testScore: number | null }[]): number | null {
  return meanScore(evaluations.map((evaluation) => evaluation.testScore));
}

/** How many rounds ended each way. */
function outcomes(report: Report): Record<RoundStatus, number> {
  const counts = { accepted: 0, rejected: 0, skipped: 0 };
  for (const round of report.rounds) counts[round.status] += 1;
  return counts;
}

/** "13 of 15 rounds accepted, 1 rejected, 1 skipped". */
export function describeOutcomes(report: Report): string {
  const { accepted, rejected, skipped } = outcomes(report);
  const total = report.rounds.length;
  const rest = [rejected > 0 && `${rejected} rejected`, skipped > 0 && `${skipped} skipped`];
  return [`${accepted} of ${total} round${total === 1 ? "" : "s"} accepted`, ...rest.filter(Boolean)].join(", ");
}

/** A score for people: an accuracy in percent, anything else to four significant digits. */
export function formatScore(metric: Report["metric"], value: number | null): string {
  if (value === null || !Number.isFinite(value)) return "–";
  return metric.name === "accuracy" ? `${(value * 100).toFixed(1)} %` : String(Number(value.toPrecision(4)));
}

/** Two lines for the terminal: what was reached and what it cost; where the time went. */
export function summarise(report: Report): [string, string] {
  const show = (value: number | null): string => formatScore(report.metric, value);
  const sentences = [
    `mean test ${report.metric.name} ${show(report.initial.meanTestScore)} → ${show(report.final.meanTestScore)}`,
    describeOutcomes(report),
  ];
  if (report.individual !== undefined) {
    const { meanTestScore: mean, bestTestScore: best } = report.individual;
    sentences.splice(1, 0, `each alone ${show(mean)} on average, ${show(best)} at best`);
  }
  const spent = report.rounds.flatMap(({ epsilon }) => epsilon ?? []);
  if (spent.length > 0) sentences.push(`no learner spent more than ε ${Math.max(...spent).toPrecision(3)}`);
  if (report.driver === "ledger") sentences.push(describeGas(report));
  return [`${report.task}: ${sentences.join("; ")}`, describeTime(report)];
}

function describeGas(report: Report): string {
  const gas = report.rounds.reduce((sum, round) => sum + (round.gasUsed ?? 0), 0);
  const each = report.rounds.length === 0 ? 0 : Math.round(gas / report.rounds.length);
  return `gas ${gas.toLocaleString("en")} (${each.toLocaleString("en")} a round)`;
}

function describeTime(report: Report): string {
  const sum = (part: (milliseconds: RoundReport["milliseconds"]) => number): number =>
    report.rounds.reduce((total, round) => total + part(round.milliseconds), 0);
  const total = sum((spent) => spent.total);
  const parts: [string, number][] = [
    ["train", sum((spent) => spent.train)],
    ["evaluate", sum((spent) => spent.evaluate)],
  ];
  if (report.driver === "ledger") {
    parts.push(["store and fetch", sum((spent) => (spent.store ?? 0) + (spent.fetch ?? 0))]);
    parts.push(["ledger", sum((spent) => spent.ledger ?? 0)]);
  }
  const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`;
  const shares = parts.map(([name, spent]) => {
    const percent = total > 0 ? ` (${Math.round((100 * spent) / total)} %)` : "";
    return `${name} ${seconds(spent)}${percent}`;
  });
  return `time in rounds ${seconds(total)}: ${shares.join(", ")}`;
}
