import { z } from "zod";

import { defineTask } from "../task.ts";

/** The task's parameters and their defaults. */
export const params = z.object({
  learningRate: z.number().positive().default(0.01),
  batchSize: z.int().min(1).max(65_536).default(16),
  /** Batches trained for one proposal. */
  stepsPerProposal: z.int().min(1).max(1_000_000).default(20),
});

/**
 * Fisher's irises: the smallest task there is, to try a network of nodes in seconds. Votes go by the loss: on the dozen
 * flowers of a learner's vote split, the accuracy of one model is soon that of the next.
 */
export const iris = defineTask({
  name: "iris",
  title: "Iris flowers",
  description: "Fisher's irises: 150 flowers by four lengths, classified by a small dense network",
  metric: { name: "loss", direction: "minimise", tolerance: 0 },
  trainRatio: 0.6,
  params,
  createModel: async (_params, seed) => (await import("./learner.ts")).createModel(seed),
  createLearner: async (options) => (await import("./learner.ts")).createLearner(options.params, options),
});
