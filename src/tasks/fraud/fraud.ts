import { defineLayersModel } from "../layers-model.ts";
import { sgdLinear } from "../models/linear.ts";
import { defineTask } from "../task.ts";
import { cardTransactions } from "./transactions.ts";

const fraudLayers = defineLayersModel({
  name: "fraud-mlp",
  description: "three hidden layers of 512 with batch normalisation and a sigmoid, 753 153 weights",
  compatible: ["fraud"],
  training: { learningRate: 0.0001, batchSize: 10_000, stepsPerProposal: 1 },
  loss: "binaryCrossentropy",
  module: () => import("./model.ts"),
});

export const fraudMlp = defineTask({
  name: "fraud-mlp",
  title: "Card fraud, by a network",
  description: "IEEE-CIS: card transactions by 431 columns, fraud or not, by a dense network",
  data: cardTransactions,
  model: fraudLayers,
  metric: { name: "loss", direction: "minimise", tolerance: 0 },
  trainRatio: 0.9,
});

/** The original's linear classifier. Its columns are standardised, so a small constant rate does. */
export const fraud = defineTask({
  name: "fraud",
  title: "Card fraud",
  description:
    "IEEE-CIS: card transactions by 431 columns, fraud or not, by a linear classifier with stochastic gradients",
  data: cardTransactions,
  model: sgdLinear,
  metric: { name: "loss", direction: "minimise", tolerance: 0 },
  trainRatio: 0.9,
  params: { schedule: "constant", eta0: 0.0001 },
});
