import type { SymbolicTensor } from "@tensorflow/tfjs-layers";
import { layers } from "@tensorflow/tfjs-layers";

import type { Kernels } from "../initial-kernels.ts";
import { after } from "./wiring.ts";

/** Filters of each stage; the second and the third halve the image. */
const STAGES = [16, 32, 64] as const;
/** Two convolutions a block, and two layers more: the first convolution and the dense one at the end. */
const blocksOf = (depth: number): number => (depth - 2) / (2 * STAGES.length);
/** Statistics that a proposal of some dozen steps brings near the truth; Keras' default takes hundreds. */
const MOMENTUM = 0.9;

/**
 * The residual network of He et al. (2015), section 4.2, for small images: 3×3 convolutions in three stages, and global
 * average pooling. The shortcut is a 1×1 convolution where the shape changes (their option B).
 */
export function smallResnet(images: SymbolicTensor, depth: number, kernels: Kernels): SymbolicTensor {
  const convolution = (
    name: string,
    x: SymbolicTensor,
    filters: number,
    { size = 3, stride = 1 } = {},
  ): SymbolicTensor => {
    const convolved = after(
      x,
      layers.conv2d({
        ...{ name: `${name}_conv`, filters, kernelSize: size, strides: stride, padding: "same", useBias: false },
        kernelInitializer: kernels(),
      }),
    );
    return after(convolved, layers.batchNormalization({ name: `${name}_bn`, momentum: MOMENTUM }));
  };
  const relu = (name: string, x: SymbolicTensor): SymbolicTensor =>
    after(x, layers.activation({ name, activation: "relu" }));
  const block = (name: string, x: SymbolicTensor, filters: number, stride: number): SymbolicTensor => {
    const shortcut = stride === 1 ? x : convolution(`${name}_0`, x, filters, { size: 1, stride });
    const inner = relu(`${name}_1_relu`, convolution(`${name}_1`, x, filters, { stride }));
    const y = convolution(`${name}_2`, inner, filters);
    return relu(`${name}_out`, layers.add({ name: `${name}_add` }).apply([shortcut, y]) as SymbolicTensor);
  };

  let x = relu("conv1_relu", convolution("conv1", images, STAGES[0]));
  for (const [stage, filters] of STAGES.entries()) {
    for (let number = 1; number <= blocksOf(depth); number++) {
      x = block(`conv${stage + 2}_block${number}`, x, filters, number === 1 && stage > 0 ? 2 : 1);
    }
  }
  return after(x, layers.globalAveragePooling2d({ name: "avg_pool", dataFormat: "channelsLast" }));
}
