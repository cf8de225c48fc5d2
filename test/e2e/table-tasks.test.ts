import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect } from "chai";

import { reportSchema } from "../../src/report/report.ts";
import { generateCovid, generateFraud, generateScania, generateValues } from "../unit/tasks/generated-tables.ts";
import { colearn, temporaryFolder } from "./support/colearn.ts";

/** Generated files in the true formats: none of the real samples is among them. */
const cases: readonly { task: string; params?: readonly string[]; files?: Readonly<Record<string, string>> }[] = [
  { task: "breast-cancer", params: ["--steps-per-proposal", "10"] },
  { task: "breast-cancer-linear" },
  { task: "breast-cancer-trees" },
  { task: "iris" },
  { task: "fraud", files: generateFraud(80), params: ["--train-ratio", "0.6", "--param", "batchSize=20"] },
  { task: "fraud-mlp", files: generateFraud(80), params: ["--train-ratio", "0.6"] },
  { task: "covid", files: { "features.csv": generateCovid(60) }, params: ["--steps-per-proposal", "5"] },
  {
    task: "scania",
    files: { "aps_failure_training_set.csv": generateScania(80) },
    params: ["--steps-per-proposal", "5", "--train-ratio", "0.6"],
  },
  { task: "regression", files: { "houses.csv": generateValues(100) } },
];

describe("tasks of tables on the ledger, with generated files where none are installed", function () {
  this.timeout(180_000);

  for (const { task, params = [], files } of cases) {
    it(`${task}: two rounds of two learners are proposed, voted on and settled`, async () => {
      await using folder = await temporaryFolder();
      const own = join(folder.path, "data");
      await mkdir(own);
      for (const [name, text] of Object.entries(files ?? {})) await writeFile(join(own, name), text);
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
    });
  }
});
