/** Leaves a run's report on disk: `report.json` for machines, `results.svg` for people. */
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { UserError } from "../errors.ts";
import type { Report } from "./report.ts";
import { renderResults } from "./svg.ts";

export interface ReportFiles {
  readonly report: string;
  readonly picture: string;
}

/**
 * Writes both files into the directory, which is created where it is missing; files of an earlier run are replaced.
 * A reader sees each file whole or not at all, and `report.json` last. Not-a-number becomes null in JSON.
 * @throws UserError "report-not-written" when the directory or a file in it cannot be written.
 */
export async function writeReport(directory: string, report: Report): Promise<ReportFiles> {
  const files = { report: join(directory, "report.json"), picture: join(directory, "results.svg") };
  const json = `${JSON.stringify(report, null, 2)}\n`;
  const picture = renderResults(report);
  try {
    await mkdir(directory, { recursive: true });
    await writeWhole(files.picture, picture);
    await writeWhole(files.report, json);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UserError("report-not-written", `the report cannot be written to "${directory}": ${reason}`, {
      remedy: "name a directory that can be written with --out",
      cause,
    });
  }
  return files;
}

/** Writes beside the file and renames: the rename is atomic, a half-written file never bears the name. */
async function writeWhole(path: string, content: string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(temporary, content, { flush: true });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
}
