import { defineLayersModel } from "../layers-model.ts";
import { defineTask } from "../task.ts";
import { cifarImages } from "./files.ts";

/** The model of fetchai/colearn's Keras example, and the defaults of its training. */
const cifarCnn = defineLayersModel({
  name: "cifar10-cnn",
  description: "three 5×5 convolutions with pooling and two dense layers, 145 578 weights",
  compatible: ["cifar10"],
  training: { learningRate: 0.001, batchSize: 32, stepsPerProposal: 100 },
  loss: "sparseCategoricalCrossentropy",
  module: () => import("./model.ts"),
});

export const cifar10 = defineTask({
  name: "cifar10",
  title: "Small photographs",
  description: "CIFAR-10: 50 000 photographs of ten kinds of things, classified by a small convolutional network",
  data: cifarImages,
  model: cifarCnn,
  metric: { name: "accuracy", direction: "maximise", tolerance: 0 },
  trainRatio: 0.9,
});
