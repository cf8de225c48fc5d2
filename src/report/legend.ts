/** A legend: samples with their meaning, in as many rows as the width needs. */
import { element, text, textWidth } from "./markup.ts";
import { colour, fontSize } from "./theme.ts";

export interface LegendEntry {
  readonly label: string;
  /** Width of the sample. */
  readonly width: number;
  /** Draws the sample with its left end at `x` and its middle at `y`. */
  sample(x: number, y: number): string;
}

export interface Drawn {
  readonly markup: string;
  /** The first free `y` below. */
  readonly bottom: number;
}

const ROW = 20;

export function drawLegend(entries: readonly LegendEntry[], left: number, right: number, top: number): Drawn {
  let x = left;
  let y = top + ROW / 2;
  const parts: string[] = [];
  for (const entry of entries) {
    const width = entry.width + 6 + textWidth(entry.label, fontSize.text);
    if (x > left && x + width > right) {
      x = left;
      y += ROW;
    }
    parts.push(entry.sample(x, y), text(x + entry.width + 6, y + 4, entry.label));
    x += width + 12;
  }
  const markup = element("g", { "font-size": fontSize.text, fill: colour.ink, class: "legend" }, ...parts);
  return { markup, bottom: y + ROW / 2 };
}
