/** The columns that both panels share: one a round, and one for round 0, the initial weights. */
import { scaleLinear } from "d3-scale";

import { element, text, textWidth } from "./markup.ts";
import { colour, fontSize } from "./theme.ts";

export interface Columns {
  readonly left: number;
  readonly right: number;
  /** Width of one column. */
  readonly band: number;
  readonly lastRound: number;
  /** The middle of a round's column. */
  x(round: number): number;
}

/** Between few rounds, which would leave the chart too narrow, and many, which need some pixels each. */
const NARROWEST = 560;
const WIDEST_BAND = 48;
const NARROWEST_BAND = 7;
const COMFORTABLE = 860;

const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500];

export function layColumns(left: number, lastRound: number): Columns {
  const count = lastRound + 1;
  const band = Math.min(WIDEST_BAND, Math.max(NARROWEST_BAND, COMFORTABLE / count));
  const width = Math.max(NARROWEST, band * count);
  const x = scaleLinear([-0.5, lastRound + 0.5], [left, left + width]);
  return { left, right: left + width, band: width / count, lastRound, x: (round) => x(round) };
}

/** Rounds to label so that labels keep their distance: the multiples of 1, 2, 5, 10, … */
export function labelledRounds(columns: Columns): number[] {
  const room = textWidth(String(columns.lastRound), fontSize.small) + 10;
  const step = STEPS.find((every) => every * columns.band >= room) ?? columns.lastRound;
  return Array.from({ length: Math.floor(columns.lastRound / step) + 1 }, (_, i) => i * step);
}

/** The rounds' numbers from a first one on, in a row with its baseline at `y`. */
export function roundLabels(columns: Columns, y: number, first: number): string {
  const rounds = labelledRounds(columns).filter((round) => round >= first);
  const labels = rounds.map((round) => text(columns.x(round), y, String(round)));
  return element("g", { "text-anchor": "middle", "font-size": fontSize.small, fill: colour.quiet }, ...labels);
}
