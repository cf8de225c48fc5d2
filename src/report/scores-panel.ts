/** The upper panel: test and vote scores of each learner (thin) and their means (thick) by round. */
import { scaleLinear } from "d3-scale";
import { line, symbol, symbolCircle, symbolSquare } from "d3-shape";

import { labelledRounds, roundLabels, type Columns } from "./columns.ts";
import { drawLegend, type Drawn, type LegendEntry } from "./legend.ts";
import { element, text } from "./markup.ts";
import { formatScore, meanScore, type Report, type RoundReport, type VoteReport } from "./report.ts";
import { colour, fontSize } from "./theme.ts";

type Kind = "test" | "vote";

interface Point {
  readonly round: number;
  /** Not-a-number where there is none: the line has a gap there. */
  readonly score: number;
  /** The round's proposal was rejected: these weights became nobody's. */
  readonly rejected: boolean;
}

interface Series {
  readonly kind: Kind;
  readonly points: readonly Point[];
}

/** A height on the score axis with its name, from what learners reach alone. */
interface Level {
  readonly label: string;
  readonly best: boolean;
  readonly score: number;
}

type Height = (score: number) => number;

const PANEL_HEIGHT = 300;
const TICKS = 6;
const DASHES: Readonly<Record<Kind, string | undefined>> = { test: undefined, vote: "6 4" };
/** Narrower columns have no room for a point a round. */
const ROOM_FOR_POINTS = 12;
const ROOM_FOR_SMALL_POINTS = 24;
/** Width of a line in the legend. */
const SAMPLE = 28;
/** Round caps make a score between two gaps a dot. */
const STROKE = { fill: "none", "stroke-linecap": "round", "stroke-linejoin": "round" } as const;

/** Keeps a text legible that lies over lines. */
const HALO = { stroke: colour.paper, "stroke-width": 3, "paint-order": "stroke" } as const;

/** The axis and its labels: made first, since the labels' width decides where the columns begin. */
interface ScoreAxis {
  readonly domain: readonly [number, number];
  readonly ticks: readonly number[];
  readonly labels: readonly string[];
}

/** Spans all scores, whatever the metric; an accuracy stays within [0, 1]. */
export function scoreAxis(report: Report): ScoreAxis {
  const scores = [...learnerSeries(report), ...meanSeries(report)].flatMap((series) =>
    series.points.map((p) => p.score),
  );
  const finite = [...scores, ...levels(report).map((level) => level.score)].filter(Number.isFinite);
  let [low, high] = finite.length === 0 ? [0, 1] : [minimum(finite), maximum(finite)];
  const pad = high > low ? (high - low) * 0.04 : Math.max(Math.abs(high) * 0.05, 0.001);
  const proportion = report.metric.name === "accuracy" && low >= 0 && high <= 1;
  low = proportion ? Math.max(0, low - pad) : low - pad;
  high = proportion ? Math.min(1, high + pad) : high + pad;
  const scale = scaleLinear([low, high], [0, 1]).nice(TICKS);
  const [from = low, to = high] = scale.domain();
  const ticks = scale.ticks(TICKS);
  return { domain: [from, to], ticks, labels: ticks.map(scale.tickFormat(TICKS)) };
}

export function drawScores(report: Report, axis: ScoreAxis, columns: Columns, top: number): Drawn {
  const { name, direction } = report.metric;
  const better = direction === "maximise" ? "higher is better" : "lower is better";
  const heading = text(columns.left, top + 12, `Scores by round: ${name}, ${better}`, { "font-weight": 600 });
  const legend = drawLegend(legendEntries(report, columns), columns.left, columns.right, top + 22);
  const bottom = legend.bottom + 14 + PANEL_HEIGHT;
  const scale = scaleLinear(axis.domain, [bottom, legend.bottom + 14]);
  const height: Height = (score) => scale(score);
  const parts = [
    heading,
    legend.markup,
    drawAxes(axis, columns, height, bottom),
    drawThinLines(report, columns, height),
    ...meanSeries(report).map((series) => drawMean(series, columns, height)),
    drawLevels(report, columns, height),
    roundLabels(columns, bottom + 16, 0),
  ];
  return { markup: element("g", { class: "scores" }, ...parts), bottom: bottom + 26 };
}

function drawAxes(axis: ScoreAxis, columns: Columns, height: Height, bottom: number): string {
  const { left, right } = columns;
  const rules = axis.ticks.map((tick) => `M${left},${height(tick).toFixed(1)}H${right.toFixed(1)}`).join("");
  const ticks = labelledRounds(columns).map((round) => `M${columns.x(round).toFixed(1)},${bottom}v4`);
  const labels = axis.ticks.map((tick, at) => text(left - 10, height(tick) + 4, axis.labels[at] ?? ""));
  return [
    element("path", { d: rules, stroke: colour.grid, fill: "none" }),
    element("path", { d: `M${left},${bottom}H${right}${ticks.join("")}`, stroke: colour.quiet, fill: "none" }),
    element("g", { "text-anchor": "end", "font-size": fontSize.small, fill: colour.quiet }, ...labels),
  ].join("");
}

/** A path through a series. */
function trace(points: readonly Point[], columns: Columns, height: Height): string | undefined {
  const path = line<Point>(
    (point) => columns.x(point.round),
    (point) => height(point.score),
  ).defined((point) => Number.isFinite(point.score));
  return path([...points]) ?? undefined;
}

function drawThinLines(report: Report, columns: Columns, height: Height): string {
  const parts = learnerSeries(report).flatMap(({ kind, points }) => {
    const d = trace(points, columns, height);
    const path = element("path", { class: "learner", d, stroke: colour[kind], "stroke-dasharray": DASHES[kind] });
    if (columns.band < ROOM_FOR_SMALL_POINTS) return [path];
    const dots = points.filter((point) => Number.isFinite(point.score));
    return [path, ...dots.map((point) => drawPoint(kind, columns.x(point.round), height(point.score), { size: 5 }))];
  });
  const opacity = Math.min(0.5, Math.max(0.12, 3 / report.learners.length));
  return element("g", { ...STROKE, "stroke-width": 1, opacity }, ...parts);
}

function drawMean({ kind, points }: Series, columns: Columns, height: Height): string {
  const scored = points.filter((point) => Number.isFinite(point.score));
  const bridges = trace(scored, columns, height);
  const marks = columns.band < ROOM_FOR_POINTS ? [] : scored;
  return element(
    "g",
    { ...STROKE, stroke: colour[kind], "stroke-dasharray": DASHES[kind] },
    // Rounds without a score are bridged thinly, so that the eye keeps the line.
    scored.length === points.length ? "" : element("path", { d: bridges, "stroke-width": 0.8, "stroke-opacity": 0.6 }),
    element("path", { class: "mean", d: trace(points, columns, height), "stroke-width": 2.5 }),
    ...marks.map((point) => {
      return drawPoint(kind, columns.x(point.round), height(point.score), { size: 32, hollow: point.rejected });
    }),
  );
}

/** A disc for a test score, a square for a vote score; `size` is its area. */
function drawPoint(kind: Kind, x: number, y: number, look: { size: number; hollow?: boolean }): string {
  return element("path", {
    class: "point",
    d: symbol(kind === "test" ? symbolCircle : symbolSquare, look.size)() ?? "",
    transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})`,
    fill: look.hollow === true ? colour.paper : colour[kind],
    stroke: colour[kind],
    "stroke-width": look.size > 10 ? 1.5 : 0,
    "stroke-dasharray": "none",
  });
}

/**
 * Dotted rules at what learners reach alone, with labels where a learning curve usually is not: the best at the left on
 * its better side, the mean at the right on its worse side.
 */
function drawLevels(report: Report, columns: Columns, height: Height): string {
  const drawn = levels(report).map((level) => {
    const y = height(level.score);
    const label = `${level.label} ${formatScore(report.metric, level.score)}`;
    const above = level.best === (report.metric.direction === "maximise");
    const d = `M${columns.left},${y.toFixed(1)}H${columns.right.toFixed(1)}`;
    return (
      element("path", { class: "level", d, ...STROKE, stroke: colour.quiet, "stroke-dasharray": "1 4" }) +
      text(level.best ? columns.left + 4 : columns.right - 4, above ? y - 6 : y + 14, label, {
        "text-anchor": level.best ? "start" : "end",
        ...HALO,
      })
    );
  });
  return element("g", { "font-size": fontSize.small, fill: colour.quiet, "stroke-width": 1.5 }, ...drawn);
}

function legendEntries(report: Report, columns: Columns): LegendEntry[] {
  const withPoints = columns.band >= ROOM_FOR_POINTS;
  const mean = (kind: Kind, x: number, y: number): string => {
    const style = { stroke: colour[kind], "stroke-width": 2.5, "stroke-dasharray": DASHES[kind] };
    return (
      element("path", { d: `M${x},${y}h${SAMPLE}`, ...style }) +
      (withPoints ? drawPoint(kind, x + SAMPLE / 2, y, { size: 32 }) : "")
    );
  };
  const thin = (kind: Kind, x: number, y: number): string => {
    const style = { stroke: colour[kind], "stroke-opacity": 0.6, "stroke-dasharray": DASHES[kind] };
    return element("path", { d: `M${x},${y}h${SAMPLE}`, ...style });
  };
  const entries: LegendEntry[] = [
    { label: "mean test score", width: SAMPLE, sample: (x, y) => mean("test", x, y) },
    { label: "mean vote score", width: SAMPLE, sample: (x, y) => mean("vote", x, y) },
    { label: "each learner's", width: SAMPLE, sample: (x, y) => thin("test", x, y - 3) + thin("vote", x, y + 3) },
  ];
  if (withPoints && report.rounds.some((round) => round.status === "rejected")) {
    const point = (kind: Kind, x: number, y: number): string => drawPoint(kind, x, y, { size: 32, hollow: true });
    entries.push({
      label: "rejected",
      width: 18,
      sample: (x, y) => point("test", x + 4, y) + point("vote", x + 14, y),
    });
  }
  return entries;
}

function levels(report: Report): Level[] {
  if (report.individual === undefined) return [];
  const { meanTestScore: mean, bestTestScore: best } = report.individual;
  return [
    { label: "alone, mean", best: false, score: mean ?? NaN },
    { label: "alone, best", best: true, score: best ?? NaN },
  ].filter((level) => Number.isFinite(level.score));
}

function learnerSeries(report: Report): Series[] {
  return report.learners.flatMap(({ index }) =>
    (["vote", "test"] as const).map((kind) => ({
      kind,
      points: report.rounds.map((round) =>
        point(
          round,
          scoreOf(
            kind,
            round.votes.find((vote) => vote.learner === index),
          ),
        ),
      ),
    })),
  );
}

/** The mean vote score, and above it the mean test score, which alone has a round 0. */
function meanSeries(report: Report): Series[] {
  const series = (["vote", "test"] as const).map((kind) => ({
    kind,
    points: report.rounds.map((round) => point(round, meanScore(round.votes.map((vote) => scoreOf(kind, vote))))),
  }));
  const initial = { round: 0, score: report.initial.meanTestScore ?? NaN, rejected: false };
  return series.map(({ kind, points }) => ({ kind, points: kind === "test" ? [initial, ...points] : points }));
}

function scoreOf(kind: Kind, vote: VoteReport | undefined): number | null {
  return (kind === "test" ? vote?.testScore : vote?.voteScore) ?? null;
}

function point(round: RoundReport, score: number | null): Point {
  return { round: round.round, score: score ?? NaN, rejected: round.status === "rejected" };
}

function minimum(values: readonly number[]): number {
  return values.reduce((least, value) => Math.min(least, value), Infinity);
}

function maximum(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), -Infinity);
}
