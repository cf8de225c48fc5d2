import * as tf from "@tensorflow/tfjs-core";
import type { layers } from "@tensorflow/tfjs-layers";

import type { VariableGradients } from "./sums.ts";

export type Layer = layers.Layer;
export type LayerInputs = tf.Tensor | tf.Tensor[];
/** What a model passes to its layers beside the inputs. */
export type LayerOptions = Parameters<Layer["call"]>[1];

/** The gradients of a layer's weights, for each example of a batch. */
export interface ExampleGradients {
  /** ‖gradient‖² of each example over the layer's weights, [batch]. */
  readonly squaredNorms: tf.Tensor1D;
  /** The sum over examples of factor · gradient, by the names of the variables. `factors`: [batch]. */
  weightedSum(factors: tf.Tensor1D): tf.NamedTensorMap;
}

/** How one layer gives the gradients of single examples. The caller tidies. */
export interface ExampleRule {
  /** Its part up to where its gradient is taken. */
  before(inputs: LayerInputs, options: LayerOptions): tf.Tensor;
  /** What follows: the activation. */
  after(tapped: tf.Tensor): tf.Tensor;
  /**
   * @param inputs what `before` got
   * @param gradient of the sum of the examples' losses, by what `before` returned: row i is of example i alone
   */
  gradients(inputs: LayerInputs, options: LayerOptions, gradient: tf.Tensor): ExampleGradients;
}

/** The gradients of a layer from those of each of its variables, by name. */
export function exampleGradients(ofVariables: ReadonlyMap<string, VariableGradients>): ExampleGradients {
  const squares = [...ofVariables.values()].map(({ squaredNorms }) => squaredNorms);
  return {
    squaredNorms: tf.addN(squares),
    weightedSum: (factors) =>
      Object.fromEntries([...ofVariables].map(([name, gradients]) => [name, gradients.weightedSum(factors)])),
  };
}

export function onlyInput(inputs: LayerInputs): tf.Tensor {
  const [input, ...more] = Array.isArray(inputs) ? inputs : [inputs];
  if (input === undefined || more.length > 0) throw new Error(`a layer of one input got ${1 + more.length}`);
  return input;
}
