import { z } from "zod";

import { ForestModel, forestTopologyOf } from "../../learning/forest/model.ts";
import { sampleSize } from "../../learning/samples.ts";
import { treeRoomShape } from "../../learning/trees/trees.ts";
import { definePlainModel } from "./plain.ts";

/** The forest of fetchai/colearn's iris example: each proposal adds trees. */
export const randomForest = definePlainModel({
  name: "random-forest",
  description: "a random forest to which each proposal adds trees",
  compatible: ["breast-cancer", "fraud", "iris"],
  params: z.object({
    /** Grown for one proposal. */
    treesPerProposal: z.int().min(1).max(10_000).default(1),
    maxDepth: treeRoomShape.maxDepth.default(2),
    /** When there are so many, new ones replace those that the proposer finds worst. */
    maxTrees: treeRoomShape.maxTrees.default(100),
    minSamplesSplit: z.int().min(2).max(1_000_000).default(2),
    minSamplesLeaf: z.int().min(1).max(1_000_000).default(1),
  }),
  topologyFor: ({ maxDepth, maxTrees }, { shape, classes }) => ({
    features: sampleSize(shape),
    classes,
    maxDepth,
    maxTrees,
  }),
  parseTopology: forestTopologyOf,
  build: (topology, params, seed) => new ForestModel(topology, { ...params, seed }),
});
