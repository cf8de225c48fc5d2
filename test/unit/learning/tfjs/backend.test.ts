import { execFile } from "node:child_process";
import { promisify } from "node:util";
import * as tf from "@tensorflow/tfjs-core";
import { layers, sequential } from "@tensorflow/tfjs-layers";
import { expect } from "chai";
import { UserError } from "../../../../src/errors.ts";
import { type BackendChoice, useBackend } from "../../../../src/learning/tfjs/backend.ts";

async function errorOf(choice: string): Promise<unknown> {
  try {
    return await useBackend(choice as BackendChoice);
  } catch (error) {
    return error;
  }
}

const moduleUrl = new URL("../../../../src/learning/tfjs/backend.ts", import.meta.url).href;

describe("useBackend", () => {
  for (const name of ["wasm", "cpu"] as const) {
    it(`makes ${name} the backend that tfjs computes on, and says so`, async () => {
      const backend = await useBackend(name);
      expect(backend.name).to.equal(name);
      expect(backend.version).to.match(/^\d+\.\d+\.\d+$/);
      expect(backend.description).to.contain(`tfjs-backend-${name} ${backend.version}`);
      expect(tf.getBackend()).to.equal(name);
      const layer = sequential({ layers: [layers.dense({ units: 1, inputShape: [2], kernelInitializer: "ones" })] });
      const output = layer.predict(tf.tensor2d([[2, 3]])) as tf.Tensor;
      expect([...output.dataSync()]).to.deep.equal([5]);
    });
  }

  it("takes the best that loads when asked for none", async () => {
    const backend = await useBackend();
    expect(backend.name).to.be.oneOf(["tensorflow", "wasm"]);
    expect(tf.getBackend()).to.equal(backend.name);
  });

  it("changes back and forth without installing the kernels twice", async () => {
    const slice = () => tf.getKernel(tf.Slice, "wasm").kernelFunc;
    await useBackend("wasm");
    const kernel = slice();
    await useBackend("cpu");
    await useBackend("wasm");
    expect(slice()).to.equal(kernel);
  });

  it("refuses a name it does not know, and lists those it does", async () => {
    const error = await errorOf("gpu");
    expect(error).to.be.instanceOf(UserError).with.property("message", 'there is no backend "gpu"');
    expect(error).to.have.property("remedy").that.contains("auto, node, wasm, cpu");
  });

  it("uses tfjs-node if it is there, and else says how to get it", async () => {
    const outcome = await errorOf("node");
    if (outcome instanceof UserError) {
      expect(outcome.code).to.equal("backend-unavailable");
      expect(outcome.message).to.equal('the tfjs backend "node" does not load');
      expect(outcome.remedy).to.contain("npm install @tensorflow/tfjs-node");
    } else {
      expect(outcome).to.have.property("name", "tensorflow");
    }
  });

  it("prints nothing and leaves no crash handlers of tfjs behind", async function () {
    this.timeout(30_000);
    const program = `
      const { useBackend } = await import(${JSON.stringify(moduleUrl)});
      const tf = await import("@tensorflow/tfjs-core");
      for (const name of ["cpu", "wasm"]) {
        await useBackend(name);
        tf.matMul(tf.ones([2, 2]), tf.ones([2, 2])).dataSync();
      }
      const handlers = process.listenerCount("uncaughtException") + process.listenerCount("unhandledRejection");
      if (handlers > 0) throw new Error("handlers: " + handlers);`;
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program], {
      cwd: new URL("../../../../", import.meta.url),
    });
    expect({ stdout, stderr }).to.deep.equal({ stdout: "", stderr: "" });
  });
});
