import { generateCovid, generateFraud, generateScania, generateValues } from "../unit/tasks/generated-tables.ts";
import { expectTwoRounds, type TaskCase } from "./support/task-on-ledger.ts";

/** Generated files in the true formats: none of the real samples is among them. */
const cases: readonly TaskCase[] = [
  { task: "breast-cancer", params: ["--steps-per-proposal", "10"] },
  { task: "breast-cancer-linear" },
  { task: "breast-cancer-trees" },
  { task: "iris" },
  { task: "fraud", files: async () => generateFraud(80), params: ["--train-ratio", "0.6", "--param", "batchSize=20"] },
  { task: "fraud-mlp", files: async () => generateFraud(80), params: ["--train-ratio", "0.6"] },
  { task: "covid", files: async () => ({ "features.csv": generateCovid(60) }), params: ["--steps-per-proposal", "5"] },
  {
    task: "scania",
    files: async () => ({ "aps_failure_training_set.csv": generateScania(80) }),
    params: ["--steps-per-proposal", "5", "--train-ratio", "0.6"],
  },
  { task: "regression", files: async () => ({ "houses.csv": generateValues(100) }) },
];

describe("tasks of tables on the ledger, with generated files where none are installed", function () {
  this.timeout(180_000);

  for (const one of cases) {
    it(`${one.task}: two rounds of two learners are proposed, voted on and settled`, () => expectTwoRounds(one));
  }
});
