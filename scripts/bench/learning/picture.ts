/** The results as a picture: a point for each mean, a line from the lowest run to the highest. */
import { scaleLinear } from "d3-scale";

import { element, escape, text, textWidth } from "../../../src/report/markup.ts";
import { colour, fontFamily, fontSize } from "../../../src/report/theme.ts";
import type { Method } from "./setting.ts";
import { accuracies, deviation, mean, percent, type Measured, type MeasuredSection } from "./table.ts";

const MARGIN = 24;
const ROW = 22;
const PLOT = 460;
const TICKS = 6;

const COLOURS: Readonly<Record<Method, string>> = {
  collective: colour.test,
  "in turn": colour.quiet,
  averaging: colour.vote,
  alone: colour.ink,
};

/** An SVG document. Every section has an axis of its own: their accuracies lie far apart. */
export function drawSections(sections: readonly MeasuredSection[]): string {
  const drawn = sections.filter(({ rows }) => rows.length > 0);
  const labels = drawn.flatMap(({ rows }) => rows.map(({ label }) => label));
  const left = MARGIN + Math.max(...labels.map((label) => textWidth(label, fontSize.small))) + 12;
  const width = Math.ceil(left + PLOT + 110 + MARGIN);
  const title = "Test accuracy by way of training, MNIST";
  const parts = [text(MARGIN, 36, title, { "font-size": fontSize.title, "font-weight": 650 })];
  parts.push(text(MARGIN, 56, "point: mean; line: lowest to highest run", { fill: colour.quiet }));
  let top = 76;
  for (const section of drawn) {
    parts.push(drawSection(section, left, top));
    top += 24 + section.rows.length * ROW + 42;
  }
  const root = {
    xmlns: "http://www.w3.org/2000/svg",
    width,
    height: top,
    viewBox: `0 0 ${width} ${top}`,
    role: "img",
    "aria-labelledby": "title",
    "font-family": fontFamily,
    "font-size": fontSize.text,
    fill: colour.ink,
  };
  const paper = element("rect", { width, height: top, fill: colour.paper });
  return `${element("svg", root, "\n", [element("title", { id: "title" }, escape(title)), paper, ...parts].join("\n"), "\n")}\n`;
}

function drawSection({ title, rows }: MeasuredSection, left: number, top: number): string {
  const values = rows.flatMap(accuracies).map((share) => 100 * share);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = Math.max(0.05, 0.04 * (high - low));
  const x = scaleLinear([low - room, high + room], [left, left + PLOT]).nice(TICKS);
  const first = top + 24;
  const bottom = first + rows.length * ROW;
  const ticks = x.ticks(TICKS);
  const format = x.tickFormat(TICKS);
  const rules = ticks.map((tick) => `M${x(tick).toFixed(1)},${first}V${bottom}`).join("");
  return [
    text(MARGIN, top + 10, title, { "font-weight": 600 }),
    element("path", { d: rules, stroke: colour.grid, fill: "none" }),
    ...rows.map((row, place) => drawRow(row, x, left, first + (place + 0.5) * ROW)),
    element(
      "g",
      { "text-anchor": "middle", "font-size": fontSize.small, fill: colour.quiet },
      ...ticks.map((tick) => text(x(tick), bottom + 16, `${format(tick)} %`)),
    ),
  ].join("");
}

function drawRow(row: Measured, x: (percent: number) => number, left: number, y: number): string {
  const values = accuracies(row);
  const middle = mean(values);
  const spread = values.length > 1 ? ` ± ${percent(deviation(values))}` : "";
  const stroke = COLOURS[row.setting.method];
  const span = `M${x(100 * Math.min(...values)).toFixed(1)},${y}H${x(100 * Math.max(...values)).toFixed(1)}`;
  return [
    text(left - 10, y + 4, row.label, { "text-anchor": "end", "font-size": fontSize.small }),
    element("path", { d: span, stroke, "stroke-width": 2, "stroke-linecap": "round" }),
    element("circle", { cx: x(100 * middle), cy: y, r: 4.5, fill: stroke }),
    text(left + PLOT + 10, y + 4, `${percent(middle)}${spread}`, { "font-size": fontSize.small, fill: colour.quiet }),
  ].join("");
}
