import type { LayersModel } from "@tensorflow/tfjs-layers";
import { input, layers, model } from "@tensorflow/tfjs-layers";

import type { SampleKind } from "../data-loader.ts";
import { initialKernels } from "../initial-kernels.ts";
import type { Depth } from "./mnist-resnet.ts";
import { resnet50 } from "./resnet50.ts";
import { smallResnet } from "./small-resnet.ts";
import { after } from "./wiring.ts";

/** A residual network of this depth, with Glorot-uniform kernels drawn from the seed. */
export function buildModel(seed: number, { shape, classes }: SampleKind, { depth }: { depth: Depth }): LayersModel {
  const kernels = initialKernels(seed);
  const images = input({ name: "images", shape: [...shape] });
  const features = depth === 50 ? resnet50(images, kernels) : smallResnet(images, depth, kernels);
  const units = classes ?? 1;
  const outputs = after(
    features,
    layers.dense({ name: "predictions", units, activation: "softmax", kernelInitializer: kernels() }),
  );
  return model({ name: `resnet${depth}`, inputs: images, outputs });
}
