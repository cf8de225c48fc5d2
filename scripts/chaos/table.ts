/** A run in lines for a person, and what of it must not be. */
import { faultKinds } from "./plan.ts";
import type { ChaosRun } from "./run.ts";

/** What a run must not come to; nothing where all is well. */
export function failures({ outcome, audit }: ChaosRun): string[] {
  const { status, lost, doubled, contradictory } = outcome;
  return [
    ...(status === "completed" ? [] : [`the experiment is ${status}`]),
    ...(lost === 0 ? [] : [`${lost} rounds were lost`]),
    ...(doubled === 0 ? [] : [`${doubled} votes were doubled`]),
    ...contradictory.map((what) => `different payloads were signed for one round: ${what}`),
    ...(audit.exitCode === 0 ? [] : [`the audit ended with ${audit.exitCode}: ${audit.output.trim()}`]),
  ];
}

/** Rows of a Markdown table. */
export function describeRun({ client, restarts, faults, outcome, seconds, audit }: ChaosRun): string[] {
  const { rounds } = outcome;
  const settled = `${rounds.accepted} accepted, ${rounds.rejected} rejected, ${rounds.skipped} skipped`;
  const rows: [string, string][] = [
    ["chain's client", client],
    ["faults injected", String(faults.length)],
    ["rounds done", `${rounds.accepted + rounds.rejected + rounds.skipped} (${settled})`],
    ["rounds lost beyond the skipped", String(outcome.lost)],
    ["votes cast", String(outcome.votes)],
    ["votes missed", String(outcome.missed)],
    ["votes doubled", String(outcome.doubled)],
    ["contradictory signatures", String(outcome.contradictory.length)],
    ["transactions refused on-chain", String(outcome.refused)],
    ["processes that ended by themselves, and were started again", String(restarts)],
    ["recovery, all faults: median, maximum", spread(faults)],
    ["time", `${Math.round(seconds)} s`],
    ["audit", audit.exitCode === 0 ? "green" : "red"],
  ];
  const kinds = faultKinds.map((kind) => ({ kind, own: faults.filter((fault) => fault.kind === kind) }));
  return [
    "| | |",
    "| --- | --- |",
    ...rows.map(([name, value]) => `| ${name} | ${value} |`),
    "",
    "| fault | times | recovery: median, maximum |",
    "| --- | --- | --- |",
    ...kinds.map(({ kind, own }) => `| ${kind} | ${own.length} | ${spread(own)} |`),
  ];
}

function spread(faults: ChaosRun["faults"]): string {
  const known = faults.flatMap(({ recovery }) => (recovery === undefined ? [] : [recovery])).sort((a, b) => a - b);
  const median = known[Math.floor(known.length / 2)];
  const most = known.at(-1);
  if (median === undefined || most === undefined) return "–";
  return `${(median / 1_000).toFixed(1)} s, ${(most / 1_000).toFixed(1)} s`;
}
