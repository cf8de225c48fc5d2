/**
 * The picture of a run, after the one that colearn draws: scores by round above, learners × rounds with their votes
 * below, both on the same columns. One self-contained SVG: no script, no font, nothing loaded.
 */
import { layColumns } from "./columns.ts";
import { element, escape, fit, text, textWidth } from "./markup.ts";
import { describeOutcomes, formatScore, type Report } from "./report.ts";
import { drawScores, scoreAxis } from "./scores-panel.ts";
import { colour, fontFamily, fontSize } from "./theme.ts";
import { defineCells, drawVotes } from "./votes-panel.ts";

const MARGIN = 24;

/** The results of a run as an SVG document, with a trailing newline. */
export function renderResults(report: Report): string {
  const axis = scoreAxis(report);
  const labels = [...axis.labels, ...report.learners.map((learner) => `learner ${learner.index}`)];
  const labelWidth = Math.max(...labels.map((label) => textWidth(label, fontSize.small)));
  const lastRound = report.rounds.reduce((last, round) => Math.max(last, round.round), 1);
  const columns = layColumns(MARGIN + labelWidth + 10, lastRound);
  const width = columns.right + MARGIN;

  const room = width - 2 * MARGIN;
  const lines = [resultOf(report), ...originOf(report)];
  const head = [
    text(MARGIN, 38, fit(titleOf(report), fontSize.title, room), { "font-size": fontSize.title, "font-weight": 650 }),
    ...lines.map((line, at) => text(MARGIN, 60 + 18 * at, fit(line, fontSize.text, room), { fill: colour.quiet })),
  ];
  const scores = drawScores(report, axis, columns, 66 + 18 * lines.length);
  const votes = drawVotes(report, columns, scores.bottom + 14);
  const height = votes.bottom + MARGIN / 2;

  const size = { width: Math.ceil(width), height: Math.ceil(height) };
  const root = {
    xmlns: "http://www.w3.org/2000/svg",
    ...size,
    viewBox: `0 0 ${size.width} ${size.height}`,
    role: "img",
    "aria-labelledby": "title description",
    "font-family": fontFamily,
    "font-size": fontSize.text,
    fill: colour.ink,
  };
  const parts = [
    element("title", { id: "title" }, escape(titleOf(report))),
    element("desc", { id: "description" }, escape(`${lines.join(". ")}.`)),
    element("defs", {}, defineCells(columns, report.learners.length)),
    element("rect", { ...size, fill: colour.paper }),
    ...head,
    scores.markup,
    votes.markup,
  ];
  return `${element("svg", root, ...parts.map((part) => `\n${part}`), "\n")}\n`;
}

function titleOf(report: Report): string {
  return `${report.task}: ${plural(report.learners.length, "learner")}, ${plural(report.rounds.length, "round")}`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function resultOf(report: Report): string {
  const { metric, initial, final } = report;
  const scores = `${formatScore(metric, initial.meanTestScore)} → ${formatScore(metric, final.meanTestScore)}`;
  return `mean test ${metric.name} ${scores}; ${describeOutcomes(report)}`;
}

/** What one needs to do the run again, and to find it on the ledger. */
function originOf(report: Report): string[] {
  const run = `${report.driver} driver, backend ${report.backend}, seed ${report.seed}`;
  if (report.contract === undefined) return [run];
  return [run, `experiment ${report.experimentId ?? "?"} of ${report.contract} on chain ${report.chainId ?? "?"}`];
}
