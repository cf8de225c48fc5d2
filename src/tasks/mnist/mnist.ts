import { z } from "zod";

import { defineTask } from "../task.ts";

const params = z.object({
  learningRate: z.number().positive().default(0.001),
  batchSize: z.int().min(1).max(65_536).default(32),
  /** Batches trained for one proposal. */
  stepsPerProposal: z.int().min(1).max(1_000_000).default(100),
});

export type MnistParams = z.output<typeof params>;

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
