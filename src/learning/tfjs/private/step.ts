/**
 * A step of DP-SGD (Abadi et al., "Deep learning with differential privacy", 2016): a Poisson sample, each example's gradient
 * clipped, noise on their sum, and whatever optimiser on the result.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";

import { noised } from "../../privacy/noise.ts";
import { inputBatch, targetBatch } from "../dataset.ts";
import type { Samples } from "../../samples.ts";
import type { Loss } from "../losses.ts";
import { ClippedGradients } from "./gradient.ts";

export interface PrivateTraining {
  /** Most that one example's gradient may measure, over all trainable weights. */
  readonly clippingNorm: number;
  /** The noise's standard deviation on the sum of gradients, in clipping norms. */
  readonly noiseMultiplier: number;
}

export class PrivateStep {
  readonly #model: LayersModel;
  readonly #training: PrivateTraining;
  readonly #gradients: ClippedGradients;

  /**
   * @param sample one sample, to see that the model's layers can be trained so
   * @throws UserError `privacy-layer` when they cannot
   */
  constructor(model: LayersModel, loss: Loss, training: PrivateTraining, sample: Samples) {
    this.#model = model;
    this.#training = training;
    this.#gradients = new ClippedGradients(model, loss);
    this.#clippedSum(sample, Uint32Array.of(0));
  }

  /**
   * One step of the optimiser. An empty batch makes one as well, of noise alone: that nobody was drawn must not show.
   * @param expectedSize of a batch: what the noised sum is divided by
   */
  take(optimizer: tf.Optimizer, samples: Samples, batch: Uint32Array, expectedSize: number): void {
    const { clippingNorm, noiseMultiplier } = this.#training;
    const sums = this.#clippedSum(samples, batch);
    tf.tidy(() => {
      const gradients: tf.NamedTensorMap = {};
      for (const { name, shape } of this.#model.trainableWeights) {
        const size = shape.reduce<number>((product, extent) => product * (extent ?? 1), 1);
        const values = noised(sums[name] ?? new Float32Array(size), noiseMultiplier * clippingNorm, 1 / expectedSize);
        gradients[name] = tf.tensor(values, shape as number[]);
      }
      optimizer.applyGradients(this.#withOwnLosses(gradients));
    });
  }

  /** By the names of the trainable variables; those of a batch without examples are not there. */
  #clippedSum(samples: Samples, batch: Uint32Array): Record<string, ArrayLike<number>> {
    if (batch.length === 0) return {};
    const [inputs, targets] = [inputBatch(samples, batch), tf.tensor1d(targetBatch(samples, batch))];
    const { sum } = this.#gradients.clippedSum(inputs, targets, this.#training.clippingNorm);
    const values = Object.fromEntries(Object.entries(sum).map(([name, tensor]) => [name, tensor.dataSync().slice()]));
    tf.dispose([inputs, targets, sum]);
    return values;
  }

  /** The layers' own losses (regularisers) depend on no data: their gradients are added as they are. */
  #withOwnLosses(gradients: tf.NamedTensorMap): tf.NamedTensorMap {
    const own = this.#model.calculateLosses();
    if (own.length === 0) return gradients;
    const variables = this.#model.trainableWeights.flatMap(({ name }) => tf.engine().registeredVariables[name] ?? []);
    const { grads } = tf.variableGrads(() => tf.addN(this.#model.calculateLosses()), variables);
    return Object.fromEntries(
      Object.entries(gradients).map(([name, gradient]) => [
        name,
        grads[name] ? tf.add(gradient, grads[name]) : gradient,
      ]),
    );
  }
}
