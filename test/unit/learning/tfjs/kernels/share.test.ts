import * as tf from "@tensorflow/tfjs-core";
import { expect } from "chai";
import { useBackend } from "../../../../../src/learning/tfjs/backend.ts";

describe("Clones of a tensor on the wasm backend", () => {
  beforeEach(() => useBackend("wasm"));

  it("share its data, and keep it when the tensor is gone", () => {
    const before = tf.memory();
    const tensor = tf.tensor1d([1, 2, 3]);
    const clone = tensor.clone();
    const cast = tf.cast(tensor, "float32");
    expect(tf.memory().numDataBuffers).to.equal(before.numDataBuffers + 1);
    tensor.dispose();
    expect([...clone.dataSync()]).to.deep.equal([1, 2, 3]);
    clone.dispose();
    expect([...cast.dataSync()]).to.deep.equal([1, 2, 3]);
    cast.dispose();
    expect(tf.memory()).to.deep.equal(before);
  });

  it("keep a variable's old value when another is assigned", () => {
    const variable = tf.variable(tf.tensor1d([1, 2]));
    const clone = variable.clone();
    variable.assign(tf.tensor1d([3, 4]));
    expect([...clone.dataSync()]).to.deep.equal([1, 2]);
    expect([...variable.dataSync()]).to.deep.equal([3, 4]);
    tf.dispose([variable, clone]);
  });

  it("of another type have data of their own", () => {
    const tensor = tf.tensor1d([1.5, -2.5]);
    const whole = tf.cast(tensor, "int32");
    expect([...whole.dataSync()]).to.deep.equal([1, -2]);
    expect([...tensor.dataSync()]).to.deep.equal([1.5, -2.5]);
    tf.dispose([tensor, whole]);
  });
});
