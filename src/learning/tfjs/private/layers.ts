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

/** Layers of tfjs-layers 4.22 that keep examples apart, and whose chance is secret (see `seedDropout`) or none. */
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
    ["Cropping2D", "UpSampling2D", "ZeroPadding2D", "LayerNormalization"],
    ["PReLU", "ELU", "LeakyReLU", "ReLU", "Softmax", "ThresholdedReLU"],
    ["Add", "Average", "Concatenate", "Maximum", "Minimum", "Multiply"],
    ["AveragePooling1D", "AveragePooling2D", "AveragePooling3D", "MaxPooling1D", "MaxPooling2D", "MaxPooling3D"],
    ["GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalMaxPooling1D", "GlobalMaxPooling2D"],
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
  // A topology may be anybody's: with the axis of the batch, a layer that treats examples apart mixes them.
  const { axis, noiseShape } = layer.getConfig() as { axis?: number | number[]; noiseShape?: unknown };
  const rank = rankOf(layer);
  const mixes = [axis ?? []].flat().some((one) => one === 0 || one + rank <= 0);
  if (mixes) throw refuse("its axis is that of the batch");
  if (noiseShape != null) throw refuse("its noise has a shape of its own");
  if (layer.stateful) throw refuse("it carries a state from batch to batch");
}

/** How few dimensions a layer's inputs have, the batch's included. */
function rankOf({ inboundNodes }: Layer): number {
  // A list for each node, whatever the type says.
  const shapes = inboundNodes.flatMap((node) => node.inputShapes as readonly (readonly unknown[])[]);
  return Math.min(...shapes.map(({ length }) => length));
}
