import { defineLayersModel } from "../layers-model.ts";
import { defineTask } from "../task.ts";
import { scaniaTrucks } from "./trucks.ts";

const scaniaMlp = defineLayersModel({
  name: "scania-mlp",
  description: "hidden layers of 100 and 50 and a softmax of 2, 22 252 weights",
  compatible: ["scania"],
  training: { learningRate: 0.001, batchSize: 32, stepsPerProposal: 100 },
  loss: "sparseCategoricalCrossentropy",
  module: () => import("./model.ts"),
});

export const scania = defineTask({
  name: "scania",
  title: "Failures of trucks",
  description: "Scania's trucks: whether the air pressure system fails, by 170 counts, with a dense network",
  data: scaniaTrucks,
  model: scaniaMlp,
  metric: { name: "accuracy", direction: "maximise", tolerance: 0 },
  trainRatio: 0.9,
});
