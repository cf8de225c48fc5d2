import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { expect } from "chai";
import { useBackend } from "../../../../../src/learning/tfjs/backend.ts";
import { expectClose } from "./both-backends.ts";
import { smallCnn, train, weightsOf } from "./small-cnn.ts";

async function trained(backend: "wasm" | "cpu", steps: number) {
  await useBackend(backend);
  const model = smallCnn();
  const losses = await train(model, steps);
  const weights = weightsOf(model);
  const { optimizer } = model;
  model.dispose();
  optimizer.dispose();
  return { losses, weights };
}

describe("Training on the wasm backend", function () {
  this.timeout(60_000);

  it("follows the cpu backend's losses for ten steps", async () => {
    const expected = await trained("cpu", 10);
    const actual = await trained("wasm", 10);
    expectClose(actual.losses, expected.losses, "loss", 2e-3);
    expect(expected.losses[9]).to.be.lessThan(expected.losses[0]! / 2);
  });

  it("gives bit-identical weights twice from one seed", async () => {
    const first = await trained("wasm", 10);
    const second = await trained("wasm", 10);
    expect(second.weights).to.deep.equal(first.weights);
    expect(second.losses).to.deep.equal(first.losses);
  });

  it("gives the same bits in a worker thread", async () => {
    const worker = new Worker(new URL("./training-worker.ts", import.meta.url));
    const [message] = (await once(worker, "message")) as [{ name: string; losses: number[]; weights: Float32Array[] }];
    await worker.terminate();
    const here = await trained("wasm", 5);
    expect(message).to.deep.equal({ name: "wasm", ...here });
  });

  it("leaves no tensor, no data and no more of the heap behind over fifty steps", async () => {
    await useBackend("wasm");
    const backend = tf.backend();
    if (!(backend instanceof BackendWasm)) throw new Error("not the wasm backend");
    const model = smallCnn();
    await train(model, 2);
    const anchor = tf.scalar(0);
    const states: unknown[] = [];
    await train(model, 50, () => {
      const heap = backend.typedArrayFromHeap(anchor).buffer.byteLength;
      states.push({ tensors: tf.memory().numTensors, data: backend.numDataIds(), heap });
    });
    model.dispose();
    anchor.dispose();
    expect(states).to.have.lengthOf(50);
    for (const state of states) expect(state).to.deep.equal(states[0]);
  });
});
