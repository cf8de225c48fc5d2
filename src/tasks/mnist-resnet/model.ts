import type { LayersModel } from "@tensorflow/tfjs-layers";
import { initializers, input, layers, model } from "@tensorflow/tfjs-layers";

import { randomFrom } from "../../learning/random.ts";
import type { SampleKind } from "../data-loader.ts";
import type { Depth } from "./mnist-resnet.ts";
import { resnet50 } from "./resnet50.ts";
import { smallResnet } from "./small-resnet.ts";
import { after, type Kernels } from "./wiring.ts";

/** A residual network of this depth, with Glorot-uniform kernels drawn from the seed. */
export function buildModel(seed: number, { shape, classes }: SampleKind, { depth }: { depth: Depth }): LayersModel {
  const random = randomFrom("initial weights", seed);
  const kernels: Kernels = () => initializers.glorotUniform({ seed: random.below(2 ** 31) });
  const images = input({ name: "images", shape: [...shape] });
  const features = depth === 50 ? resnet50(images, kernels) : smallResnet(images, depth, kernels);
  const units = classes ?? 1;
  const outputs = after(
    features,
    layers.dense({ name: "predictions", units, activation: "softmax", kernelInitializer: kernels() }),
  );
  return model({ name: `resnet${depth}`, inputs: images, outputs });
}
