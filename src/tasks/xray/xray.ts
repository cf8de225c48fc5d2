import { defineLayersModel } from "../layers-model.ts";
import { defineTask } from "../task.ts";
import { xrayImages } from "./images.ts";

/** The model of fetchai/colearn's examples, and the defaults that its factory has for them. */
const xrayCnn = defineLayersModel({
  name: "xray-cnn",
  description: "two 3×3 convolutions with batch normalisation and the maximum of each channel, 19 265 weights",
  compatible: ["xray"],
  training: { learningRate: 0.001, batchSize: 8, stepsPerProposal: 40 },
  loss: "binaryCrossentropy",
  module: () => import("./model.ts"),
});

export const xray = defineTask({
  name: "xray",
  title: "Pneumonia in chest X-rays",
  description: "Chest X-rays of one's own folder, normal or pneumonia, told apart by a small convolutional network",
  data: xrayImages,
  model: xrayCnn,
  metric: { name: "auc", direction: "maximise", tolerance: 0 },
  trainRatio: 0.96,
});
