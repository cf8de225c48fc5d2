/** What all models of `tf.layers` share: how they are described, and how they are trained with Adam. */
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { z } from "zod";

import type { Model } from "../learning/interface.ts";
import type { LossName } from "../learning/tfjs/losses.ts";
import type { PrivateTraining } from "../learning/tfjs/private/step.ts";
import type { SampleKind } from "./data-loader.ts";
import { defineModel, type ModelDefinition } from "./model.ts";

export interface TrainingDefaults {
  readonly learningRate: number;
  readonly batchSize: number;
  /** Batches trained for one proposal. */
  readonly stepsPerProposal: number;
}

/** The parameters of a training by batches, with these defaults. */
export function trainingParams({ learningRate, batchSize, stepsPerProposal }: TrainingDefaults) {
  return {
    learningRate: z.number().positive().default(learningRate),
    batchSize: z.int().min(1).max(65_536).default(batchSize),
    /** Batches trained for one proposal. */
    stepsPerProposal: z.int().min(1).max(1_000_000).default(stepsPerProposal),
  };
}

/** The parameters of a training with differential privacy, with these defaults. */
function privacyParams({ clippingNorm, noiseMultiplier }: PrivateTraining) {
  return {
    /** Most that one sample's gradient may measure. */
    clippingNorm: z.number().min(1e-6).default(clippingNorm),
    /** Standard deviation of the noise on the sum of a batch's gradients, in clipping norms. */
    noiseMultiplier: z.number().positive().default(noiseMultiplier),
  };
}

/** The module that builds a model, imported when it is needed: a process that only starts workers does without tfjs. */
export interface LayersModelModule<Own = unknown> {
  /** @param own the model's own parameters */
  buildModel(seed: number, sample: SampleKind, own: Own): LayersModel;
}

export interface LayersModelDefinition<Own extends z.ZodObject = z.ZodObject> {
  readonly name: string;
  readonly description: string;
  readonly compatible: readonly string[];
  /** Parameters of the model's own, each with a default, beside those of its training. */
  readonly params?: Own;
  readonly training: TrainingDefaults;
  /** Trains with differential privacy; its defaults. */
  readonly privacy?: PrivateTraining;
  readonly loss: LossName;
  readonly module: () => Promise<LayersModelModule<z.output<Own>>>;
}

export function defineLayersModel<Own extends z.ZodObject>({
  params,
  training,
  privacy,
  loss,
  module,
  ...definition
}: LayersModelDefinition<Own>): ModelDefinition {
  const build = async (seed: number, sample: SampleKind, all: object) =>
    (await module()).buildModel(seed, sample, all as z.output<Own>);
  return defineModel({
    ...definition,
    params: z.object({ ...params?.shape, ...trainingParams(training), ...(privacy && privacyParams(privacy)) }),
    usesTfjs: true,
    isPrivate: privacy !== undefined,
    createModel: async (all, sample, seed) => describe(await build(seed, sample, all)),
    createLearner: async (all, { sample, data, seed, index, metric, topology }) => {
      const { learningRate, batchSize, stepsPerProposal } = all;
      const [{ adam }, { modelFromTopology, TfjsLearner }] = await Promise.all([
        import("../learning/tfjs/adam.ts"),
        import("../learning/tfjs/learner.ts"),
      ]);
      return TfjsLearner.create({
        model: topology === undefined ? await build(seed, sample, all) : await modelFromTopology(topology),
        data,
        optimizer: () => adam(learningRate),
        loss,
        metric,
        batchSize,
        stepsPerProposal,
        batchSeed: [seed, index],
        // Of a private model these two are parameters as well.
        privacy: privacy && { ...privacy, ...(all as Partial<PrivateTraining>) },
      });
    },
  });
}

/** Topology and weights of a model, which is disposed of. */
async function describe(model: LayersModel): Promise<Model> {
  const [{ topologyOf }, { weightsOf }] = await Promise.all([
    import("../learning/tfjs/learner.ts"),
    import("../learning/tfjs/weights.ts"),
  ]);
  try {
    return { format: "tfjs-layers", topology: topologyOf(model), weights: await weightsOf(model) };
  } finally {
    model.dispose();
  }
}
