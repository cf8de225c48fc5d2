import { defineLayersModel } from "../layers-model.ts";
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
export const breastCancer = defineTask({
  name: "breast-cancer",
  title: "Breast cancer",
  description:
    "Wisconsin's breast cancers: 569 tumours by 30 measurements, benign or malignant, by a small dense network",
  data: tumourMeasurements,
  model: breastCancerMlp,
  metric: { name: "loss", direction: "minimise", tolerance: 0 },
  trainRatio: 0.6,
});
