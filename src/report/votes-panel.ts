/** The lower panel: learners × rounds, each cell a vote, or the proposer's with what became of the round. */
import { roundLabels, type Columns } from "./columns.ts";
import { drawLegend, type Drawn, type LegendEntry } from "./legend.ts";
import { element, escape, text } from "./markup.ts";
import { formatScore, type Report, type RoundReport, type VoteReport } from "./report.ts";
import { colour, fontSize } from "./theme.ts";

type CellKind = "approve" | "reject" | "absent" | "accepted" | "rejected" | "skipped";

/** What a cell looks like: its mark and its colours. */
const CELLS: Readonly<Record<CellKind, { mark: string; fill: string; stroke: string; says: string }>> = {
  approve: { mark: "tick", fill: colour.approve, stroke: colour.approveMark, says: "approve" },
  reject: { mark: "cross", fill: colour.reject, stroke: colour.rejectMark, says: "reject" },
  absent: { mark: "dash", fill: colour.absent, stroke: colour.absentMark, says: "absent" },
  accepted: { mark: "tick", fill: colour.proposer, stroke: colour.acceptedMark, says: "proposer, accepted" },
  rejected: { mark: "cross", fill: colour.proposer, stroke: colour.rejectedMark, says: "proposer, rejected" },
  skipped: { mark: "dash", fill: colour.proposer, stroke: colour.skippedMark, says: "proposer, round skipped" },
};

const KINDS = Object.keys(CELLS) as CellKind[];

/** Marks in the unit square around the origin. */
const MARKS: Readonly<Record<string, string>> = {
  tick: "M-.5,.05L-.15,.4L.5,-.4",
  cross: "M-.4,-.4L.4,.4M-.4,.4L.4,-.4",
  dash: "M-.4,0L.4,0",
};

const TALLEST_ROW = 26;
const LOWEST_ROW = 11;
const COMFORTABLE_HEIGHT = 440;
/** A cell in the legend, whatever the size of those in the panel. */
const SAMPLE = 15;

/** The height of one learner's row. */
function rowHeight(learners: number): number {
  return Math.min(TALLEST_ROW, Math.max(LOWEST_ROW, COMFORTABLE_HEIGHT / learners));
}

function cellKind(round: RoundReport, vote: VoteReport): CellKind {
  if (vote.learner === round.proposer) return round.status;
  if (vote.approve === null) return "absent";
  return vote.approve ? "approve" : "reject";
}

/** The kinds of cell, defined once and used for every vote; they stand around the origin. */
export function defineCells(columns: Columns, learners: number): string {
  const row = rowHeight(learners);
  const gap = Math.min(columns.band, row) < 14 ? 1 : 2;
  const height = row - gap;
  const width = Math.min(columns.band - gap, 1.6 * height);
  return KINDS.map((kind) => element("g", { id: kind }, drawKind(kind, width, height))).join("");
}

function drawKind(kind: CellKind, width: number, height: number): string {
  const { mark, fill, stroke } = CELLS[kind];
  const size = 0.62 * Math.min(width, height);
  const style = { fill: "none", stroke, "stroke-linecap": "round", "stroke-linejoin": "round" };
  return (
    element("rect", { x: -width / 2, y: -height / 2, width, height, rx: Math.min(3, width / 5), fill }) +
    element("path", {
      d: MARKS[mark],
      transform: `scale(${size.toFixed(2)})`,
      ...style,
      "stroke-width": Math.max(0.16, 1 / size),
    })
  );
}

export function drawVotes(report: Report, columns: Columns, top: number): Drawn {
  const row = rowHeight(report.learners.length);
  const heading = text(columns.left, top + 12, "Votes on each round's proposal", { "font-weight": 600 });
  const legend = drawLegend(legendEntries(), columns.left, columns.right, top + 22);
  const first = legend.bottom + 10;
  const rowOf = new Map(report.learners.map((learner, at) => [learner.index, first + (at + 0.5) * row]));
  const cells = report.rounds.flatMap((round) =>
    round.votes.map((vote) => drawCell(report, round, vote, columns.x(round.round), rowOf.get(vote.learner) ?? first)),
  );
  const bottom = first + row * report.learners.length;
  const parts = [
    heading,
    legend.markup,
    learnerLabels(report, columns, first, row),
    element("g", { class: "cells" }, ...cells),
    roundLabels(columns, bottom + 16, 1),
    text((columns.left + columns.right) / 2, bottom + 34, "round", { "text-anchor": "middle", fill: colour.quiet }),
  ];
  return { markup: element("g", { class: "votes" }, ...parts), bottom: bottom + 40 };
}

function drawCell(report: Report, round: RoundReport, vote: VoteReport, x: number, y: number): string {
  const kind = cellKind(round, vote);
  const scores =
    vote.voteScore === null && vote.testScore === null
      ? ""
      : ` (vote ${formatScore(report.metric, vote.voteScore)}, test ${formatScore(report.metric, vote.testScore)})`;
  const title = `round ${round.round}, learner ${vote.learner}: ${CELLS[kind].says}${scores}`;
  return element("use", { href: `#${kind}`, x, y }, element("title", {}, escape(title)));
}

/** Every learner's index where there is room, else every second, fifth, … */
function learnerLabels(report: Report, columns: Columns, first: number, row: number): string {
  const step = [1, 2, 5, 10].find((every) => every * row >= fontSize.small + 1) ?? 20;
  const labels = report.learners.flatMap((learner, at) =>
    at % step === 0 ? [text(columns.left - 10, first + (at + 0.5) * row + 4, `learner ${learner.index}`)] : [],
  );
  return element("g", { "text-anchor": "end", "font-size": fontSize.small, fill: colour.quiet }, ...labels);
}

function legendEntries(): LegendEntry[] {
  return KINDS.map((kind) => ({
    label: CELLS[kind].says,
    width: SAMPLE,
    sample: (x, y) => element("g", { transform: `translate(${x + SAMPLE / 2} ${y})` }, drawKind(kind, SAMPLE, SAMPLE)),
  }));
}
