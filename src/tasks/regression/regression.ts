import { gradientBoosting } from "../models/boosting.ts";
import { defineTask } from "../task.ts";
import { valueTable } from "./values.ts";

/** fetchai/colearn's example of boosted trees, for any table of numbers. */
export const regression = defineTask({
  name: "regression",
  title: "Values of a table",
  description: "one column of a table of numbers, predicted from the others by boosted trees that grow",
  data: valueTable,
  model: gradientBoosting,
  metric: { name: "meanSquaredError", direction: "minimise", tolerance: 0 },
  trainRatio: 0.8,
  params: { treesPerProposal: 2 },
});
