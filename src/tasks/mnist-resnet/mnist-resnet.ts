import { z } from "zod";

import { defineLayersModel } from "../layers-model.ts";
import { mnistImages } from "../mnist/files.ts";
import { defineTask } from "../task.ts";

const depth = z.union([z.literal(8), z.literal(14), z.literal(20), z.literal(50)]);
export type Depth = z.output<typeof depth>;

/** The original has depth 50 only, and begins it with weights that were trained on ImageNet; here all is learned. */
const resnet = defineLayersModel({
  name: "resnet",
  description: "a residual network for small images, of 78 k weights and more, or ResNet-50 of 23.6 million",
  compatible: ["mnist", "fashion-mnist", "cifar10"],
  params: z.object({
    /** Layers with weights: 8, 14 and 20 are made for the processor, 50 is ResNet-50. */
    depth: depth.default(8),
  }),
  training: { learningRate: 0.001, batchSize: 32, stepsPerProposal: 100 },
  loss: "sparseCategoricalCrossentropy",
  module: () => import("./model.ts"),
});

export const mnistResnet = defineTask({
  name: "mnist-resnet",
  title: "Handwritten digits, by a residual network",
  description: "MNIST: 60 000 images of digits, classified by a small residual network or by ResNet-50",
  data: mnistImages,
  model: resnet,
  metric: { name: "accuracy", direction: "maximise", tolerance: 0 },
  trainRatio: 0.9,
});
