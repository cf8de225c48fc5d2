/** A small convolutional network that exercises every training kernel, on fixed data from a fixed seed. */
import * as tf from "@tensorflow/tfjs-core";
import { initializers, layers, type LayersModel, sequential } from "@tensorflow/tfjs-layers";
import { random } from "./both-backends.ts";

export function smallCnn(): LayersModel {
  const seeded = (seed: number) => initializers.glorotUniform({ seed });
  const model = sequential({
    layers: [
      layers.conv2d({
        ...{ filters: 16, kernelSize: 3, padding: "same", activation: "relu", inputShape: [10, 10, 1] },
        kernelInitializer: seeded(1),
      }),
      layers.maxPooling2d({ poolSize: 2, padding: "same" }),
      layers.conv2d({ filters: 16, kernelSize: 5, padding: "same", activation: "relu", kernelInitializer: seeded(2) }),
      layers.batchNormalization(),
      layers.conv2d({ filters: 16, kernelSize: 3, strides: 2, activation: "relu", kernelInitializer: seeded(3) }),
      layers.flatten(),
      layers.dense({ units: 4, activation: "softmax", kernelInitializer: seeded(4) }),
    ],
  });
  model.compile({ optimizer: tf.train.adam(0.01), loss: "categoricalCrossentropy" });
  return model;
}

/** Trains on the current backend; `afterEach` sees the state between steps. */
export async function train(
  model: LayersModel,
  steps: number,
  afterEach: () => void = () => undefined,
): Promise<number[]> {
  const x = random([8, 10, 10, 1], 7);
  const y = tf.tidy(() => tf.oneHot(tf.tensor1d([0, 1, 2, 3, 0, 1, 2, 3], "int32"), 4));
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    losses.push((await model.trainOnBatch(x, y)) as number);
    afterEach();
  }
  tf.dispose([x, y]);
  return losses;
}

export function weightsOf(model: LayersModel): Float32Array[] {
  return model.getWeights().map((weight) => weight.dataSync().slice() as Float32Array);
}
