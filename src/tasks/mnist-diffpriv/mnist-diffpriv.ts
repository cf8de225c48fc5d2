import { defineLayersModel } from "../layers-model.ts";
import { mnistImages } from "../mnist/files.ts";
import { defineTask } from "../task.ts";

/**
 * The model of fetchai/colearn's examples without their two batch normalisations, which mix the samples of a batch: no
 * clipping of one sample's gradient bounds what that sample does to the others'.
 */
const mnistPrivateCnn = defineLayersModel({
  name: "mnist-diffpriv-cnn",
  description: "two 3×3 convolutions with pooling and a softmax, 137 226 weights, trained with DP-Adam",
  compatible: ["mnist"],
  training: { learningRate: 0.001, batchSize: 64, stepsPerProposal: 100 },
  privacy: { clippingNorm: 1.5, noiseMultiplier: 1.3 },
  loss: "sparseCategoricalCrossentropy",
  module: () => import("./model.ts"),
});

export const mnistDiffpriv = defineTask({
  name: "mnist-diffpriv",
  title: "Handwritten digits, privately",
  description:
    "MNIST: 60 000 images of digits, classified by a small convolutional network that is trained with differential privacy",
  data: mnistImages,
  model: mnistPrivateCnn,
  metric: { name: "accuracy", direction: "maximise", tolerance: 0 },
  trainRatio: 0.9,
  privacy: { epsilon: 1, delta: 1e-5 },
});
