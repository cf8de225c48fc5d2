/**
 * The sum of the examples' clipped gradients, in one pass forward and one back. A tap behind each layer with weights
 * catches the gradient by its pre-activations, of which row i belongs to example i alone; with the layer's inputs that gives
 * each example's gradient, or for dense layers its norm without the gradient ("ghost clipping"), and then the clipped sum by
 * scaling rows ("book-keeping", Bu et al., "Differentially private optimization on large model at small cost", 2022). The
 * ordinary gradients of the weights are never computed.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";

import { UserError } from "../../../errors.ts";
import type { Loss } from "../losses.ts";
import { privateLayers } from "./layers.ts";
import type { ExampleGradients, ExampleRule, Layer, LayerInputs, LayerOptions } from "./rule.ts";

/**
 * Gradients are scaled to a little less than the norm allowed, because norms and sums are float32: what rounding adds stays
 * within it.
 */
const ROUNDING_MARGIN = 1e-4;

interface Passage {
  readonly layer: Layer;
  readonly rule: ExampleRule;
  readonly inputs: LayerInputs;
  readonly options: LayerOptions;
  gradient?: tf.Tensor;
}

export class ClippedGradients {
  readonly #model: LayersModel;
  readonly #loss: Loss;
  readonly #rules: ReadonlyMap<Layer, ExampleRule>;

  /** @throws UserError `privacy-layer` when the model has a layer that private training cannot take */
  constructor(model: LayersModel, loss: Loss) {
    this.#model = model;
    this.#loss = loss;
    this.#rules = privateLayers(model);
  }

  /**
   * Σ over examples of gradient · min(1, clippingNorm / ‖gradient‖), by the names of the model's trainable variables, and the
   * norms before clipping. The norm is over all trainable weights; an example whose norm is not finite adds nothing. The
   * caller disposes of the sum.
   * @param inputs [batch, ...], one example or more
   * @param targets [batch]
   */
  clippedSum(
    inputs: tf.Tensor,
    targets: tf.Tensor1D,
    clippingNorm: number,
  ): { sum: tf.NamedTensorMap; norms: Float64Array } {
    const passages: Passage[] = [];
    try {
      let norms = new Float64Array(0);
      const sum = tf.tidy(() => {
        this.#passThrough(inputs, targets, passages);
        const gradients = passages.flatMap(examplesOf);
        const squares = tf.addN(gradients.map(({ squaredNorms }) => squaredNorms)).dataSync();
        norms = Float64Array.from(squares, Math.sqrt);
        if (!norms.every(Number.isFinite)) return undefined;
        const bound = clippingNorm * (1 - ROUNDING_MARGIN);
        const factors = tf.tensor1d(Float32Array.from(norms, (norm) => (norm > bound ? bound / norm : 1)));
        return Object.assign({}, ...gradients.map((one) => one.weightedSum(factors))) as tf.NamedTensorMap;
      });
      if (sum !== undefined) return { sum, norms };
      return { sum: this.#withoutBroken(inputs, targets, clippingNorm, norms), norms };
    } finally {
      for (const { inputs: kept, gradient } of passages) tf.dispose([kept, gradient ?? []]);
    }
  }

  /** Nothing times infinity would be NaN: the examples with a broken gradient are left out and the others done again. */
  #withoutBroken(
    inputs: tf.Tensor,
    targets: tf.Tensor1D,
    clippingNorm: number,
    norms: Float64Array,
  ): tf.NamedTensorMap {
    const sound = [...norms.keys()].filter((example) => Number.isFinite(norms[example]));
    if (sound.length === 0) return {};
    const chosen = tf.tensor1d(sound, "int32");
    const [some, ofSome] = [tf.gather(inputs, chosen), tf.gather(targets, chosen)];
    try {
      return this.clippedSum(some, ofSome, clippingNorm).sum;
    } finally {
      tf.dispose([chosen, some, ofSome]);
    }
  }

  /** Forward and back, and into `passages` what each layer's gradients need, in tensors that the caller disposes of. */
  #passThrough(inputs: tf.Tensor, targets: tf.Tensor1D, passages: Passage[]): void {
    // The loss depends on this zero through the taps only: so no gradients but the pre-activations' are computed.
    const origin = tf.scalar(0);
    const undo = [...this.#rules].map(([layer, rule]) => interpose(layer, rule, origin, passages));
    try {
      const lossSum = (): tf.Scalar => {
        const outputs = this.#model.apply(inputs, { training: true }) as tf.Tensor2D;
        return tf.mul(this.#loss.mean(targets, outputs), targets.size);
      };
      tf.grad(lossSum)(origin);
    } finally {
      for (const restore of undo) restore();
    }
  }
}

/** Puts a tap into a layer until the function returned is called. */
function interpose(layer: Layer, rule: ExampleRule, origin: tf.Scalar, passages: Passage[]): () => void {
  layer.call = (inputs, options) => {
    if (passages.some((passage) => passage.layer === layer)) {
      throw new UserError("privacy-layer", `private training cannot take the layer ${layer.name} twice in a model`, {
        remedy: "give each place a layer of its own",
      });
    }
    const passage: Passage = { layer, rule, inputs: keptCopy(inputs), options };
    passages.push(passage);
    const tap = tf.customGrad((values, zero) => ({
      value: (values as tf.Tensor).clone(),
      gradFunc: (gradient: tf.Tensor) => {
        passage.gradient = tf.keep(gradient.clone());
        return [gradient, tf.zerosLike(zero as tf.Tensor)];
      },
    }));
    return rule.after(tap(rule.before(inputs, options), origin));
  };
  // The prototype's is there again.
  return () => Reflect.deleteProperty(layer, "call");
}

/** The same values in tensors that outlive the pass, whoever owns the originals. */
function keptCopy(inputs: LayerInputs): LayerInputs {
  const copy = (tensor: tf.Tensor): tf.Tensor => tf.keep(tensor.clone());
  return Array.isArray(inputs) ? inputs.map(copy) : copy(inputs);
}

function examplesOf({ rule, inputs, options, gradient }: Passage): ExampleGradients[] {
  // Without a gradient the loss does not depend on the layer.
  return gradient === undefined ? [] : [rule.gradients(inputs, options, gradient)];
}
