import { defineTask } from "../task.ts";
import { defineLayersModel } from "../layers-model.ts";
import { mnistImages } from "./files.ts";

/** The model of fetchai/colearn's Keras example, and the defaults of its training. */
export const mnistCnn = defineLayersModel({
  name: "mnist-cnn",
  description: "three 5×5 convolutions with pooling and two dense layers, 115 306 weights",
  compatible: ["mnist", "fashion-mnist"],
  training: { learningRate: 0.001, batchSize: 32, stepsPerProposal: 100 },
  loss: "sparseCategoricalCrossentropy",
  module: () => import("./model.ts"),
});

export const mnist = defineTask({
  name: "mnist",
  title: "Handwritten digits",
  description: "MNIST: 60 000 images of digits, classified by a small convolutional network",
  data: mnistImages,
  model: mnistCnn,
  metric: { name: "accuracy", direction: "maximise", tolerance: 0 },
  trainRatio: 0.9,
});
