import { z } from "zod";

import { ForestModel, forestTopologyOf, type ForestTopology } from "../../learning/forest/model.ts";
import { ModelLearner } from "../../learning/model-learner.ts";
import { sampleSize } from "../../learning/samples.ts";
import type { SampleKind } from "../data-loader.ts";
import { defineModel } from "../model.ts";
import { describePlain } from "./plain.ts";

const params = z.object({
  /** Grown for one proposal. */
  treesPerProposal: z.int().min(1).max(10_000).default(1),
  maxDepth: z.int().min(1).max(12).default(2),
  /** When there are so many, new ones replace those that the proposer finds worst. */
  maxTrees: z.int().min(1).max(10_000).default(100),
  minSamplesSplit: z.int().min(2).max(1_000_000).default(2),
  minSamplesLeaf: z.int().min(1).max(1_000_000).default(1),
});

/** The forest of fetchai/colearn's iris example: each proposal adds trees. */
export const randomForest = defineModel({
  name: "random-forest",
  description: "a random forest to which each proposal adds trees",
  compatible: ["breast-cancer", "fraud", "iris"],
  params,
  usesTfjs: false,
  createModel: async (all, sample) => describePlain(new ForestModel(topologyOf(all, sample), { ...all, seed: [] })),
  createLearner: async (all, { sample, data, seed, index, metric, topology }) => {
    const wanted = topology === undefined ? topologyOf(all, sample) : forestTopologyOf(topology);
    return new ModelLearner(new ForestModel(wanted, { ...all, seed: [seed, index] }), data, metric);
  },
});

function topologyOf(
  { maxDepth, maxTrees }: z.output<typeof params>,
  { shape, classes = NaN }: SampleKind,
): ForestTopology {
  return forestTopologyOf({ features: sampleSize(shape), classes, maxDepth, maxTrees });
}
