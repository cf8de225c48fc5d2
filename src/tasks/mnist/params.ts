import { z } from "zod";

/** The task's parameters and their defaults, those of the original. */
export const params = z.object({
  learningRate: z.number().positive().default(0.001),
  batchSize: z.int().min(1).max(65_536).default(32),
  /** Batches trained for one proposal. */
  stepsPerProposal: z.int().min(1).max(1_000_000).default(100),
});

export type MnistParams = z.output<typeof params>;
