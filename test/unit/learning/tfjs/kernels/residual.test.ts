import * as tf from "@tensorflow/tfjs-core";
import {
  initializers,
  input,
  layers,
  model as modelOf,
  type LayersModel,
  type SymbolicTensor,
} from "@tensorflow/tfjs-layers";
import { expect } from "chai";
import { adam } from "../../../../../src/learning/tfjs/adam.ts";
import { useBackend } from "../../../../../src/learning/tfjs/backend.ts";
import { expectClose, random } from "./both-backends.ts";

/** A ResNet in small, with every kind of layer that ResNet-50 has. */
function residualNetwork(): LayersModel {
  let seed = 1;
  const convolution = (x: SymbolicTensor, filters: number, kernelSize: number, strides = 1) => {
    const kernelInitializer = initializers.heNormal({ seed: seed++ });
    const convolved = layers
      .conv2d({ filters, kernelSize, strides, padding: kernelSize === 7 ? "valid" : "same", kernelInitializer })
      .apply(x);
    return layers.batchNormalization().apply(convolved) as SymbolicTensor;
  };
  const relu = (x: SymbolicTensor) => layers.reLU().apply(x) as SymbolicTensor;
  const block = (x: SymbolicTensor, width: number, strides: number, project: boolean) => {
    const inner = convolution(relu(convolution(relu(convolution(x, width, 1, strides)), width, 3)), 4 * width, 1);
    const shortcut = project ? convolution(x, 4 * width, 1, strides) : x;
    return relu(layers.add().apply([inner, shortcut]) as SymbolicTensor);
  };
  const image = input({ shape: [28, 28, 1] });
  const stem = relu(convolution(layers.zeroPadding2d({ padding: 3 }).apply(image) as SymbolicTensor, 16, 7, 2));
  const padded = layers.zeroPadding2d({ padding: 1 }).apply(stem);
  const pooled = layers.maxPooling2d({ poolSize: 3, strides: 2 }).apply(padded) as SymbolicTensor;
  const blocks = block(block(block(pooled, 16, 1, true), 16, 1, false), 32, 2, true);
  const features = layers.globalAveragePooling2d({}).apply(blocks);
  const kernelInitializer = initializers.glorotUniform({ seed: 99 });
  const outputs = layers.dense({ units: 10, activation: "softmax", kernelInitializer }).apply(features);
  return modelOf({ inputs: image, outputs: outputs as SymbolicTensor });
}

async function trained(backend: "wasm" | "cpu", steps: number, optimise: () => tf.Optimizer): Promise<number[]> {
  await useBackend(backend);
  const network = residualNetwork();
  const optimizer = optimise();
  network.compile({ optimizer, loss: "categoricalCrossentropy" });
  const x = random([4, 28, 28, 1], 3);
  const y = tf.tidy(() => tf.oneHot(tf.tensor1d([1, 5, 7, 1], "int32"), 10));
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) losses.push((await network.trainOnBatch(x, y)) as number);
  network.dispose();
  optimizer.dispose();
  tf.dispose([x, y]);
  return losses;
}

describe("A small residual network", function () {
  this.timeout(60_000);

  it("has the cpu backend's losses on wasm", async () => {
    // Not by Adam, whose first step is as large for a gradient that is rounding noise as for any other.
    const descent = () => tf.train.sgd(0.01);
    expectClose(await trained("wasm", 3, descent), await trained("cpu", 3, descent), "loss", 1e-3);
  });

  it("learns a batch by heart", async () => {
    const losses = await trained("wasm", 15, () => adam(0.001, 0.9, 0.999, 1e-7));
    expect(losses.at(-1)).to.be.lessThan(losses[0]! / 4);
  });
});
