/** The results as tables in Markdown. */
import type { Result } from "./run.ts";
import type { Section, Setting } from "./setting.ts";

export interface Measured {
  readonly label: string;
  readonly setting: Setting;
  /** One a seed, as far as there are. */
  readonly results: readonly Result[];
}

export interface MeasuredSection {
  readonly title: string;
  readonly rows: readonly Measured[];
}

export function measure(section: Section, resultsOf: (setting: Setting) => readonly Result[]): MeasuredSection {
  const rows = section.rows.map(({ label, setting }) => ({ label, setting, results: resultsOf(setting) }));
  return { title: section.title, rows: rows.filter(({ results }) => results.length > 0) };
}

export function accuracies({ results }: Measured): number[] {
  return results.flatMap(({ accuracy }) => accuracy);
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The sample's standard deviation: with n - 1. */
export function deviation(values: readonly number[]): number {
  const middle = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1));
}

export function tableOf({ title, rows }: MeasuredSection): string {
  return [
    `### ${title}`,
    "",
    "| training | test accuracy, % | deviation | lowest | highest | rounds | accepted | steps | runs |",
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ...rows.map(line),
  ].join("\n");
}

function line(row: Measured): string {
  const { label, setting, results } = row;
  const values = accuracies(row);
  const voted = setting.method === "collective";
  const cells = [
    label,
    percent(mean(values)),
    values.length > 1 ? percent(deviation(values)) : "–",
    percent(Math.min(...values)),
    percent(Math.max(...values)),
    String(setting.rounds),
    voted ? mean(results.map(({ accepted }) => accepted)).toFixed(1) : "–",
    String(results[0]?.steps ?? "–"),
    String(values.length),
  ];
  return `| ${cells.join(" | ")} |`;
}

/** With two decimals and no sign. */
export function percent(share: number): string {
  return (100 * share).toFixed(2);
}
