import { defineLayersModel } from "../layers-model.ts";
import { gradientBoosting } from "../models/boosting.ts";
import { sgdLinear } from "../models/linear.ts";
import { defineTask } from "../task.ts";
import { tumourMeasurements } from "./measurements.ts";

const breastCancerMlp = defineLayersModel({
  name: "breast-cancer-mlp",
  description: "a hidden layer of 16 and a sigmoid, 513 weights",
  compatible: ["breast-cancer"],
  training: { learningRate: 0.01, batchSize: 16, stepsPerProposal: 20 },
  loss: "binaryCrossentropy",
  module: () => import("./model.ts"),
});

/** Votes go by the loss: on the two dozen tumours of a learner's vote split, accuracies are soon equal. */
const shared = {
  data: tumourMeasurements,
  metric: { name: "loss", direction: "minimise", tolerance: 0 },
  trainRatio: 0.6,
} as const;

export const breastCancer = defineTask({
  ...shared,
  name: "breast-cancer",
  title: "Breast cancer",
  description:
    "Wisconsin's breast cancers: 569 tumours by 30 measurements, benign or malignant, by a small dense network",
  model: breastCancerMlp,
});

/** The same by scikit-learn's way: a linear classifier that is fitted in parts. */
export const breastCancerLinear = defineTask({
  ...shared,
  name: "breast-cancer-linear",
  title: "Breast cancer, linearly",
  description:
    "Wisconsin's breast cancers: 569 tumours by 30 measurements, by a linear classifier with stochastic gradients",
  model: sgdLinear,
  params: { batchSize: 50, schedule: "constant", eta0: 0.003 },
});

/** The same by boosted trees, to which each proposal adds. */
export const breastCancerTrees = defineTask({
  ...shared,
  name: "breast-cancer-trees",
  title: "Breast cancer, by trees",
  description: "Wisconsin's breast cancers: 569 tumours by 30 measurements, by boosted trees that grow",
  model: gradientBoosting,
  params: { maxDepth: 3, columnSample: 0.5 },
});
