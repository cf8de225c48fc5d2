import type { SymbolicTensor } from "@tensorflow/tfjs-layers";
import { layers } from "@tensorflow/tfjs-layers";

import type { Kernels } from "../initial-kernels.ts";
import { after } from "./wiring.ts";

/** Filters of the narrow convolutions, and how many blocks, of each stage. The wide ones have four times as many. */
const STAGES = [
  { filters: 64, blocks: 3 },
  { filters: 128, blocks: 4 },
  { filters: 256, blocks: 6 },
  { filters: 512, blocks: 3 },
] as const;
/** As Keras has it in this network. */
const EPSILON = 1.001e-5;
const DROPOUT = 0.7;
/** Smaller images than this are padded: the network halves them five times. */
const SIDE = 32;

interface Shape {
  readonly size?: number;
  readonly stride?: number;
  readonly padding?: "valid" | "same";
}

/**
 * The topology of Keras' ResNet50 without its top (He et al., "Deep Residual Learning for Image Recognition", 2015, with
 * the stride in the first convolution of a block, and a bias in each), under the same names of layers; before it the image
 * padded to 32×32 and repeated as three channels, and behind it global average pooling and dropout.
 */
export function resnet50(images: SymbolicTensor, kernels: Kernels): SymbolicTensor {
  const convolution = (
    name: string,
    x: SymbolicTensor,
    filters: number,
    { size = 1, stride = 1, padding = "valid" }: Shape = {},
  ): SymbolicTensor => {
    const shape = { filters, kernelSize: size, strides: stride, padding };
    const convolved = after(x, layers.conv2d({ name: `${name}_conv`, ...shape, kernelInitializer: kernels() }));
    return after(convolved, layers.batchNormalization({ name: `${name}_bn`, epsilon: EPSILON }));
  };
  const relu = (name: string, x: SymbolicTensor): SymbolicTensor =>
    after(x, layers.activation({ name, activation: "relu" }));
  const pad = (name: string, x: SymbolicTensor, margin: number): SymbolicTensor => {
    const padding: [number, number] = [margin, margin];
    return after(x, layers.zeroPadding2d({ name, padding: [padding, padding] }));
  };
  /** Narrow, look around, widen; and what came in added to it, by a convolution where the shape changes. */
  const block = (name: string, x: SymbolicTensor, filters: number, first: boolean, stride: number): SymbolicTensor => {
    const shortcut = first ? convolution(`${name}_0`, x, 4 * filters, { stride }) : x;
    let y = relu(`${name}_1_relu`, convolution(`${name}_1`, x, filters, { stride }));
    y = relu(`${name}_2_relu`, convolution(`${name}_2`, y, filters, { size: 3, padding: "same" }));
    y = convolution(`${name}_3`, y, 4 * filters);
    return relu(`${name}_out`, layers.add({ name: `${name}_add` }).apply([shortcut, y]) as SymbolicTensor);
  };

  let x = colours(images, pad);
  x = relu("conv1_relu", convolution("conv1", pad("conv1_pad", x, 3), 64, { size: 7, stride: 2 }));
  x = after(pad("pool1_pad", x, 1), layers.maxPooling2d({ name: "pool1_pool", poolSize: 3, strides: 2 }));
  for (const [stage, { filters, blocks }] of STAGES.entries()) {
    for (let number = 1; number <= blocks; number++) {
      const first = number === 1;
      x = block(`conv${stage + 2}_block${number}`, x, filters, first, first && stage > 0 ? 2 : 1);
    }
  }
  const features = after(x, layers.globalAveragePooling2d({ name: "avg_pool", dataFormat: "channelsLast" }));
  return after(features, layers.dropout({ name: "dropout", rate: DROPOUT }));
}

/**
 * Three equal channels, as the network was made for. fetchai/colearn means the same, but reshapes the repeated image as if
 * channels came last, which scrambles its pixels ("who knows if this works", its source says).
 */
function colours(
  images: SymbolicTensor,
  pad: (name: string, x: SymbolicTensor, margin: number) => SymbolicTensor,
): SymbolicTensor {
  const margin = Math.max(0, Math.ceil((SIDE - (images.shape[1] ?? SIDE)) / 2));
  const padded = margin === 0 ? images : pad("padded", images, margin);
  if (padded.shape[3] !== 1) return padded;
  return layers.concatenate({ name: "colours" }).apply([padded, padded, padded]) as SymbolicTensor;
}
