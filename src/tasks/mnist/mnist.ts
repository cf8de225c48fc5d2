import { defineTask } from "../task.ts";
import { params } from "./params.ts";

/**
 * Handwritten digits, with model and defaults of fetchai/colearn's Keras example. What computes is imported when it is
 * needed: a process that trains in a worker thread does without tfjs (30 MB) in its own.
 */
export const mnist = defineTask({
  name: "mnist",
  title: "Handwritten digits",
  description: "MNIST: 60 000 images of digits, classified by a small convolutional network",
  metric: { name: "accuracy", direction: "maximise", tolerance: 0 },
  trainRatio: 0.9,
  params,
  createModel: async (_params, seed) => (await import("./learner.ts")).createModel(seed),
  createLearner: async (options) => (await import("./learner.ts")).createLearner(options.params, options),
});
