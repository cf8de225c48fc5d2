import { z } from "zod";

import { linearLosses, type LinearLossName } from "../../learning/linear/losses.ts";
import { LinearModel, linearTopologyOf } from "../../learning/linear/model.ts";
import { sampleSize } from "../../learning/samples.ts";
import { definePlainModel } from "./plain.ts";

const losses = Object.keys(linearLosses) as [LinearLossName, ...LinearLossName[]];

/** The linear classifier of fetchai/colearn's fraud example: scikit-learn's SGDClassifier, fitted in parts. */
export const sgdLinear = definePlainModel({
  name: "sgd-linear",
  description: "a linear model by stochastic gradient descent, as scikit-learn's SGDClassifier",
  compatible: ["breast-cancer", "fraud", "iris"],
  params: z.object({
    loss: z.enum(losses).default("modifiedHuber"),
    /** The L2 penalty. */
    alpha: z.number().positive().default(0.0001),
    schedule: z.enum(["optimal", "constant", "invscaling"]).default("optimal"),
    /** The learning rate at the first step, but for the optimal schedule. */
    eta0: z.number().positive().default(0.01),
    powerT: z.number().min(0).default(0.25),
    batchSize: z.int().min(1).max(1_000_000).default(10_000),
    /** Batches fitted for one proposal. */
    stepsPerProposal: z.int().min(1).max(1_000_000).default(1),
  }),
  topologyFor: ({ loss }, { shape, classes }) => ({
    features: sampleSize(shape),
    ...(classes !== undefined && { classes }),
    loss,
  }),
  parseTopology: linearTopologyOf,
  build: (topology, { schedule, ...params }, batchSeed) =>
    new LinearModel(topology, { ...params, learningRate: schedule, batchSeed }),
});
