import { defineLayersModel } from "../layers-model.ts";
import { defineTask } from "../task.ts";
import { irisFlowers } from "./flowers.ts";

const irisMlp = defineLayersModel({
  name: "iris-mlp",
  description: "a hidden layer of 16 and a softmax of 3, 131 weights",
  compatible: ["iris"],
  training: { learningRate: 0.01, batchSize: 16, stepsPerProposal: 20 },
  loss: "sparseCategoricalCrossentropy",
  module: () => import("./model.ts"),
});

/**
 * Fisher's irises: the smallest task there is, to try a network of nodes in seconds. Votes go by the loss: on the dozen
 * flowers of a learner's vote split, the accuracy of one model is soon that of the next.
 */
export const iris = defineTask({
  name: "iris",
  title: "Iris flowers",
  description: "Fisher's irises: 150 flowers by four lengths, classified by a small dense network",
  data: irisFlowers,
  model: irisMlp,
  metric: { name: "loss", direction: "minimise", tolerance: 0 },
  trainRatio: 0.6,
});
