import { defineLayersModel } from "../layers-model.ts";
import { defineTask } from "../task.ts";
import { covidFeatures } from "./features.ts";

const covidMlp = defineLayersModel({
  name: "covid-mlp",
  description: "hidden layers of 256, 128, 64, 32 and 16 with a dropout of 0.2, and a softmax of 3",
  compatible: ["covid"],
  training: { learningRate: 0.001, batchSize: 32, stepsPerProposal: 40 },
  loss: "sparseCategoricalCrossentropy",
  module: () => import("./model.ts"),
});

export const covid = defineTask({
  name: "covid",
  title: "Covid on X-rays",
  description: "chest X-rays by 252 features: covid, normal or pneumonia, by a dense network",
  data: covidFeatures,
  model: covidMlp,
  metric: { name: "accuracy", direction: "maximise", tolerance: 0 },
  trainRatio: 0.6,
});
