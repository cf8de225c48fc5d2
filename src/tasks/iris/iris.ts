import { defineLayersModel } from "../layers-model.ts";
import { randomForest } from "../models/forest.ts";
import { defineTask } from "../task.ts";
import { irisFlowers } from "./flowers.ts";

/**
 * Fisher's irises, and the forest of fetchai/colearn's example, which grows by a tree a proposal. Votes go by the loss,
 * for both tasks: on the dozen flowers of a learner's vote split, the accuracy of one model is soon that of the next.
 */
export const iris = defineTask({
  name: "iris",
  title: "Iris flowers",
  description: "Fisher's irises: 150 flowers by four lengths, classified by a random forest that grows",
  data: irisFlowers,
  model: randomForest,
  metric: { name: "loss", direction: "minimise", tolerance: 0 },
  trainRatio: 0.6,
});

const irisNetwork = defineLayersModel({
  name: "iris-mlp",
  description: "a hidden layer of 16 and a softmax of 3, 131 weights",
  compatible: ["iris"],
  training: { learningRate: 0.01, batchSize: 16, stepsPerProposal: 20 },
  loss: "sparseCategoricalCrossentropy",
  module: () => import("./model.ts"),
});

/** The smallest network there is, to try nodes in seconds. */
export const irisMlp = defineTask({
  name: "iris-mlp",
  title: "Iris flowers, by a network",
  description: "Fisher's irises: 150 flowers by four lengths, classified by a small dense network",
  data: irisFlowers,
  model: irisNetwork,
  metric: { name: "loss", direction: "minimise", tolerance: 0 },
  trainRatio: 0.6,
});
