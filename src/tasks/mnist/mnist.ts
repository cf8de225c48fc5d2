import { train } from "@tensorflow/tfjs-core";
import { z } from "zod";

import { modelFromTopology, TfjsLearner, topologyOf } from "../../learning/tfjs/learner.ts";
import { readWeights } from "../../learning/tfjs/weights.ts";
import { defineTask } from "../task.ts";
import { loadShard } from "./files.ts";
import { buildModel } from "./model.ts";

/** Adam as Keras has it by default. */
const BETA_1 = 0.9;
const BETA_2 = 0.999;
const EPSILON = 1e-7;

/** Handwritten digits, with model and defaults of fetchai/colearn's Keras example. */
export const mnist = defineTask({
  name: "mnist",
  title: "Handwritten digits",
  description: "MNIST: 60 000 images of digits, classified by a small convolutional network",
  metric: { name: "accuracy", direction: "maximise", tolerance: 0 },
  trainRatio: 0.9,
  params: z.object({
    learningRate: z.number().positive().default(0.001),
    batchSize: z.int().min(1).max(65_536).default(32),
    /** Batches trained for one proposal. */
    stepsPerProposal: z.int().min(1).max(1_000_000).default(100),
  }),

  createModel: async (_params, seed) => {
    const model = buildModel(seed);
    try {
      return { format: "tfjs-layers", topology: topologyOf(model), weights: await readWeights(model) };
    } finally {
      model.dispose();
    }
  },

  createLearner: async ({ params, shard, seed, metric, topology }) => {
    const data = await loadShard(shard);
    const model = topology === undefined ? buildModel(seed) : await modelFromTopology(topology);
    return TfjsLearner.create({
      model,
      data,
      optimizer: () => train.adam(params.learningRate, BETA_1, BETA_2, EPSILON),
      loss: "sparseCategoricalCrossentropy",
      metric,
      batchSize: params.batchSize,
      stepsPerProposal: params.stepsPerProposal,
      batchSeed: [seed, shard.index],
    });
  },
});
