import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { expect } from "chai";

import { reportSchema } from "../../../src/report/report.ts";
import { colearn, temporaryFolder } from "./colearn.ts";

/** A task and what two learners need for two rounds of it. */
export interface TaskCase {
  readonly task: string;
  /** Options of `colearn demo`. */
  readonly params?: readonly string[];
  /** The data folder, where no data are installed. */
  readonly files?: () => Promise<Readonly<Record<string, string | Uint8Array>>>;
}

export async function expectTwoRounds({ task, params = [], files }: TaskCase): Promise<void> {
  await using folder = await temporaryFolder();
  const own = join(folder.path, "data");
  for (const [name, content] of Object.entries((await files?.()) ?? {})) {
    await mkdir(dirname(join(own, name)), { recursive: true });
    await writeFile(join(own, name), content);
  }
  const { code, stdout, stderr } = await colearn([
    ...["demo", "--task", task, "--learners", "2", "--rounds", "2", ...params],
    ...(files ? ["--data-dir", own] : []),
    ...["--backend", "wasm", "--json", "--out", join(folder.path, "run")],
  ]);
  expect(code, stderr).to.equal(0);
  const { rounds } = reportSchema.parse(JSON.parse(stdout));
  expect(rounds.map(({ status }) => status))
    .to.have.lengthOf(2)
    .and.not.include("skipped");
}
