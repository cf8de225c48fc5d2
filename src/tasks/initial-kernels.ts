import { initializers, layers } from "@tensorflow/tfjs-layers";

import { randomFrom } from "../learning/random.ts";

/** An initialiser of kernels, another one at each call. */
export type Kernels = () => ReturnType<typeof initializers.glorotUniform>;

/** Glorot-uniform kernels, drawn from the seed in the order of the calls. */
export function initialKernels(seed: number): Kernels {
  const random = randomFrom("initial weights", seed);
  return () => initializers.glorotUniform({ seed: random.below(2 ** 31) });
}

/** Convolutions with ReLU that keep the image's size; the first of a model says what it takes. */
export function convolutions(kernels: Kernels, kernelSize: number) {
  return (name: string, filters: number, inputShape?: readonly number[]): ReturnType<typeof layers.conv2d> =>
    layers.conv2d({
      name,
      filters,
      kernelSize,
      padding: "same",
      activation: "relu",
      kernelInitializer: kernels(),
      ...(inputShape && { inputShape: [...inputShape] }),
    });
}
