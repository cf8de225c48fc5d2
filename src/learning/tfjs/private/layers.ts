/**
 * Which layers may be in a model that is trained privately, and how each gives the gradients of single examples. A layer
 * must treat every example apart, or clipping one example's gradient bounds nothing: so only layers known to do so are
 * let in.
 */
import type { LayersModel } from "@tensorflow/tfjs-layers";

import { UserError } from "../../../errors.ts";
import { conv2dRule } from "./conv2d.ts";
import { denseRule } from "./dense.ts";
import { exampleLoopRule } from "./loop.ts";
import type { ExampleRule, Layer } from "./rule.ts";

/** All layers of tfjs-layers 4.22 that keep examples apart: all but batch normalisation. */
const apart = new Set(
  [
    [
      "InputLayer",
      "Activation",
      "Dense",
      "Dropout",
      "SpatialDropout1D",
      "Flatten",
      "Permute",
      "RepeatVector",
      "Reshape",
    ],
    ["Conv1D", "Conv2D", "Conv2DTranspose", "Conv3D", "Conv3DTranspose", "DepthwiseConv2D", "SeparableConv2D"],
    ["Cropping2D", "UpSampling2D", "ZeroPadding2D", "Embedding", "LayerNormalization", "PReLU"],
    ["ELU", "LeakyReLU", "ReLU", "Softmax", "ThresholdedReLU", "AlphaDropout", "GaussianDropout", "GaussianNoise"],
    ["Add", "Average", "Concatenate", "Dot", "Maximum", "Minimum", "Multiply"],
    ["AveragePooling1D", "AveragePooling2D", "AveragePooling3D", "MaxPooling1D", "MaxPooling2D", "MaxPooling3D"],
    ["GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalMaxPooling1D", "GlobalMaxPooling2D"],
    ["GRU", "LSTM", "SimpleRNN"],
  ].flat(),
);

/** The layers that have weights to train, each with its rule. @throws UserError `privacy-layer` */
export function privateLayers(model: LayersModel): Map<Layer, ExampleRule> {
  const rules = new Map<Layer, ExampleRule>();
  for (const layer of allLayers(model)) {
    checkLayer(layer);
    if (layer.trainableWeights.length > 0) rules.set(layer, ruleFor(layer));
  }
  return rules;
}

/** The layers within a model, those of models within it included. */
function allLayers(model: LayersModel): Layer[] {
  return model.layers.flatMap((layer) => ("layers" in layer ? allLayers(layer as LayersModel) : [layer]));
}

function ruleFor(layer: Layer): ExampleRule {
  return denseRule(layer) ?? conv2dRule(layer) ?? exampleLoopRule(layer);
}

function checkLayer(layer: Layer): void {
  const kind = layer.getClassName();
  const refuse = (why: string): UserError =>
    new UserError("privacy-layer", `private training cannot take the layer ${layer.name} (${kind}): ${why}`, {
      remedy: "leave it out, or use one that treats every example apart, such as LayerNormalization",
    });
  if (kind === "BatchNormalization") throw refuse("it mixes the examples of a batch");
  if (!apart.has(kind)) throw refuse("it is not known to keep the examples of a batch apart");
  if (layer.stateful) throw refuse("it carries a state from batch to batch");
}
