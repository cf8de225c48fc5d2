import { z } from "zod";

import { BoostingModel, boostingTopologyOf, type BoostingTopology } from "../../learning/boosting/model.ts";
import { ModelLearner } from "../../learning/model-learner.ts";
import { sampleSize } from "../../learning/samples.ts";
import type { SampleKind } from "../data-loader.ts";
import { defineModel } from "../model.ts";
import { describePlain } from "./plain.ts";

const params = z.object({
  /** Grown for one proposal. */
  treesPerProposal: z.int().min(1).max(10_000).default(1),
  maxDepth: z.int().min(1).max(12).default(5),
  /** When there are so many, the last ones make way for new ones. */
  maxTrees: z.int().min(1).max(10_000).default(100),
  /** What a tree's correction is multiplied by. */
  learningRate: z.number().positive().max(1).default(0.3),
  /** The share of the features that a tree may use. */
  columnSample: z.number().positive().max(1).default(0.1),
  lambda: z.number().min(0).default(1),
  alpha: z.number().min(0).default(0),
  minChildWeight: z.number().min(0).default(1),
});

/** The boosted trees of fetchai/colearn's XGBoost example: each proposal adds trees. */
export const gradientBoosting = defineModel({
  name: "gradient-boosting",
  description: "boosted trees to which each proposal adds, for values or for two classes",
  compatible: ["breast-cancer", "fraud", "regression"],
  params,
  usesTfjs: false,
  createModel: async (all, sample) => describePlain(new BoostingModel(topologyOf(all, sample), { ...all, seed: [] })),
  createLearner: async (all, { sample, data, seed, index, metric, topology }) => {
    const wanted = topology === undefined ? topologyOf(all, sample) : boostingTopologyOf(topology);
    return new ModelLearner(new BoostingModel(wanted, { ...all, seed: [seed, index] }), data, metric);
  },
});

function topologyOf({ maxDepth, maxTrees }: z.output<typeof params>, { shape, classes }: SampleKind): BoostingTopology {
  const loss = classes === undefined ? "squaredError" : "logistic";
  return boostingTopologyOf({ features: sampleSize(shape), loss, maxDepth, maxTrees });
}
