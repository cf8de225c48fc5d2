import { z } from "zod";

import { BoostingModel, boostingTopologyOf } from "../../learning/boosting/model.ts";
import { sampleSize } from "../../learning/samples.ts";
import { treeRoomShape } from "../../learning/trees/trees.ts";
import { definePlainModel } from "./plain.ts";

/** The boosted trees of fetchai/colearn's XGBoost example: each proposal adds trees. */
export const gradientBoosting = definePlainModel({
  name: "gradient-boosting",
  description: "boosted trees to which each proposal adds, for values or for two classes",
  compatible: ["breast-cancer", "fraud", "regression"],
  params: z.object({
    /** Grown for one proposal. */
    treesPerProposal: z.int().min(1).max(10_000).default(1),
    maxDepth: treeRoomShape.maxDepth.default(5),
    /** When there are so many, the last ones make way for new ones. */
    maxTrees: treeRoomShape.maxTrees.default(100),
    /** What a tree's correction is multiplied by. */
    learningRate: z.number().positive().max(1).default(0.3),
    /** The share of the features that a tree may use. */
    columnSample: z.number().positive().max(1).default(0.1),
    lambda: z.number().min(0).default(1),
    alpha: z.number().min(0).default(0),
    minChildWeight: z.number().min(0).default(1),
  }),
  topologyFor: ({ maxDepth, maxTrees }, { shape, classes }) => ({
    features: sampleSize(shape),
    loss: classes === undefined ? "squaredError" : "logistic",
    maxDepth,
    maxTrees,
  }),
  parseTopology: boostingTopologyOf,
  build: (topology, params, seed) => new BoostingModel(topology, { ...params, seed }),
});
