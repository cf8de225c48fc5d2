/** What models share that need no tensors. */
import type { z } from "zod";

import { ModelLearner, type PlainModel } from "../../learning/model-learner.ts";
import type { SampleKind } from "../data-loader.ts";
import { defineModel, type ModelDefinition } from "../model.ts";

export interface PlainModelDefinition<Params extends z.ZodObject, Topology> {
  readonly name: string;
  readonly description: string;
  readonly compatible: readonly string[];
  readonly params: Params;
  /** What the model is for such samples, where the manifest does not say. */
  readonly topologyFor: (params: z.output<Params>, sample: SampleKind) => unknown;
  /** @throws ColearnError `topology` when it is none of this model's */
  readonly parseTopology: (topology: unknown) => Topology;
  /** @param seed with the round, all that chance depends on */
  readonly build: (topology: Topology, params: z.output<Params>, seed: readonly number[]) => PlainModel;
}

export function definePlainModel<Params extends z.ZodObject, Topology>({
  topologyFor,
  parseTopology,
  build,
  ...definition
}: PlainModelDefinition<Params, Topology>): ModelDefinition {
  return defineModel({
    ...definition,
    usesTfjs: false,
    createModel: async (params, sample) => {
      const { format, topology, initial } = build(parseTopology(topologyFor(params, sample)), params, []);
      return { format, topology, weights: initial };
    },
    createLearner: async (params, { sample, data, seed, index, metric, topology }) => {
      const own = parseTopology(topology === undefined ? topologyFor(params, sample) : topology);
      return new ModelLearner(build(own, params, [seed, index]), data, metric);
    },
  });
}
