/**
 * The Adam optimiser (Kingma and Ba, 2015), as tfjs has it: `tf.train.adam` itself, or on the wasm backend the same in one
 * pass over each variable, where tfjs takes fifteen.
 */
import { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { address, floats } from "./kernels/registry.ts";
import { routinesOf } from "./kernels/simd/routines.ts";

/** The defaults are those of Keras. */
export function adam(learningRate: number, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7): tf.Optimizer {
  if (!(tf.backend() instanceof BackendWasm)) return tf.train.adam(learningRate, beta1, beta2, epsilon);
  return new AdamInOnePass({ learningRate, beta1, beta2, epsilon });
}

interface AdamConfig {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

interface Moments {
  readonly first: tf.Tensor;
  readonly second: tf.Tensor;
}

class AdamInOnePass extends tf.Optimizer {
  static readonly className = "Adam";
  readonly #config: AdamConfig;
  readonly #moments = new Map<string, Moments>();
  /** What the routine reads: simd/elementwise.ts. */
  readonly #factors = tf.keep(tf.zeros([8]));

  constructor(config: AdamConfig) {
    super();
    this.#config = config;
  }

  override applyGradients(gradients: Parameters<tf.Optimizer["applyGradients"]>[0]): void {
    const backend = tf.backend();
    if (!(backend instanceof BackendWasm)) throw new Error("the backend was changed during training");
    this.incrementIterations();
    const { learningRate, beta1, beta2, epsilon } = this.#config;
    const corrections = [1 / (1 - beta1 ** this.iterations), 1 / (1 - beta2 ** this.iterations)];
    floats(backend, this.#factors).set([beta1, 1 - beta1, beta2, 1 - beta2, ...corrections, -learningRate, epsilon]);
    const named = Array.isArray(gradients)
      ? gradients
      : Object.entries(gradients).map(([name, tensor]) => ({ name, tensor }));
    for (const { name, tensor } of named as { name: string; tensor: tf.Tensor | null | undefined }[]) {
      const variable = tf.engine().registeredVariables[name];
      if (tensor == null || variable === undefined) continue;
      this.#step(backend, variable, tensor);
    }
  }

  /**
   * The new values are new data and not the old data changed: XNNPACK, for dense layers and some convolutions, keeps weights
   * rearranged under the number of their data, and would go on with those that it has.
   */
  #step(backend: BackendWasm, variable: tf.Variable, gradient: tf.Tensor): void {
    const { first, second } = this.#momentsOf(variable);
    const next = tf.engine().makeTensorFromTensorInfo(backend.makeOutput(variable.shape, "float32"));
    routinesOf(backend).adam({
      value: address(backend, variable),
      next: address(backend, next),
      gradient: address(backend, gradient),
      first: address(backend, first),
      second: address(backend, second),
      factors: address(backend, this.#factors),
      count: variable.size,
    });
    variable.assign(next);
    next.dispose();
  }

  #momentsOf(variable: tf.Variable): Moments {
    let moments = this.#moments.get(variable.name);
    if (moments === undefined) {
      moments = { first: tf.keep(tf.zerosLike(variable)), second: tf.keep(tf.zerosLike(variable)) };
      this.#moments.set(variable.name, moments);
    }
    return moments;
  }

  override dispose(): void {
    this.#factors.dispose();
    for (const { first, second } of this.#moments.values()) tf.dispose([first, second]);
    this.#moments.clear();
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...this.#config };
  }
}
