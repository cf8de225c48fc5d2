/** Relu's gradient on the wasm backend in one pass; tfjs-core's is a step, a cast and a product. */
import * as tf from "@tensorflow/tfjs-core";
import { addKernel, address } from "./registry.ts";
import { routinesOf } from "./simd/routines.ts";
// Registers all of tfjs's gradients when it loads: had it not been loaded yet, it would put the original back later.
import "@tensorflow/tfjs-layers";

const name = "ReluGrad";

export function installReluGrad(): void {
  addKernel<"dy" | "x", object>(name, ({ inputs: { dy, x }, backend }) => {
    const dx = backend.makeOutput(x.shape, "float32");
    const count = tf.util.sizeFromShape(x.shape);
    routinesOf(backend).reluGrad(address(backend, dy), address(backend, x), address(backend, dx), count);
    return dx;
  });
  const original = tf.getGradient(tf.Relu);
  tf.unregisterGradient(tf.Relu);
  tf.registerGradient({
    ...original,
    gradFunc: (dy, saved, attrs) => {
      const [x] = saved;
      const ours = tf.getBackend() === "wasm" && !Array.isArray(dy) && dy.dtype === "float32" && x?.dtype === "float32";
      if (!ours) return original.gradFunc(dy, saved, attrs);
      return { x: () => tf.engine().runKernel(name, { dy, x }) };
    },
  });
}
