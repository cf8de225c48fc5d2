import type { Audit, AuditedRound } from "../../audit/audit.ts";
import { rules } from "../../audit/rules.ts";
import { formatContentId } from "../../weights/content-id.ts";
import { paint } from "../output.ts";

/** An audit for people: a row a round, and what was found. */
export function asText(audit: Audit): string[] {
  const { experiment, status, block, rounds, accepted, files, steps, history, violations } = audit;
  const scored = history.some(({ file }) => file?.scores !== undefined);
  const claimed = steps.claimed === 0 ? "" : `, ${steps.claimed} are the contract's word alone`;
  const broken = new Map<number, string[]>();
  for (const { rule, round } of violations) broken.set(round, [...(broken.get(round) ?? []), rule]);
  return [
    `Experiment ${experiment} is ${paint.bold(status)} at block ${block}: ${rounds} rounds ended, ${accepted} accepted.`,
    `Who did it is shown for ${steps.shown} steps${claimed}. Files of weights found sound: ${files}.`,
    "",
    `  round  proposer  outcome   votes    file       voters' score${scored ? "   own score   own test" : ""}`,
    ...history.map((row) => line(row, scored, [...new Set(broken.get(row.round))])),
    "",
    ...violations.map(({ rule, round, detail }) => paint.red(`  round ${round}: ${rule}: ${detail}`)),
    ...[...new Set(violations.map(({ rule }) => rule))].map((rule) => `  ${rule}: ${rules[rule]}`),
    violations.length === 0
      ? verdict(steps.claimed)
      : paint.red(`${violations.length === 1 ? "1 violation" : `${violations.length} violations`}.`),
  ];
}

/** Nobody should read that all was shown where it was not. */
function verdict(claimed: number): string {
  if (claimed === 0) return paint.green("Every rule holds.");
  const rest = claimed === 1 ? "1 step rests" : `${claimed} steps rest`;
  return paint.yellow(
    `No rule is seen broken, but who did it is not shown throughout: ${rest} on the contract's word alone.`,
  );
}

function line(
  { round, proposer, outcome, approvals, voters, score, file }: AuditedRound,
  scored: boolean,
  broken: string[],
) {
  const columns = [
    String(round).padStart(5),
    String(proposer ?? "").padStart(8),
    (round === 0 ? "initial" : outcome).padEnd(9),
    (round === 0 ? "" : `${approvals}/${voters}`).padEnd(7),
    (file?.state ?? "-").padEnd(9),
    decimal(score).padStart(13),
    ...(scored ? [decimal(file?.scores?.vote).padStart(11), decimal(file?.scores?.test).padStart(10)] : []),
  ];
  const text = `  ${columns.join("  ").trimEnd()}`;
  return broken.length === 0 ? text : paint.red(`${text}   ✗ ${broken.join(", ")}`);
}

function decimal(score: number | undefined): string {
  return score === undefined || Number.isNaN(score) ? "" : score.toFixed(4);
}

/** The same for programs; numbers that are none are null. */
export function asJson({ history, ...audit }: Audit) {
  return {
    ...audit,
    history: history.map(({ proposal, proposer = null, score = null, file, ...row }) => ({
      ...row,
      proposer,
      proposal: proposal ? formatContentId(proposal) : null,
      score,
      file: file ?? null,
    })),
  };
}
