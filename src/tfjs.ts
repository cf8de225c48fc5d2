/** The tfjs that computes here (`colearn-ledger/tfjs`): a second copy would hold its own tensors, or none. */
export * as tf from "@tensorflow/tfjs-core";
export {
  constraints,
  initializers,
  input,
  layers,
  model,
  models,
  regularizers,
  sequential,
} from "@tensorflow/tfjs-layers";
export type { LayersModel, Sequential } from "@tensorflow/tfjs-layers";
export { TfjsLearner } from "./learning/tfjs/learner.ts";
export type { TfjsLearnerOptions } from "./learning/tfjs/learner.ts";
