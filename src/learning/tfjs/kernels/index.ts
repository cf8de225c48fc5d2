/**
 * Training kernels for tfjs's wasm backend: those that it lacks or that are slow. Each is checked against the cpu backend
 * (test/unit/learning/tfjs/kernels); figures are in docs/backends.md.
 */
import { installBatchMatMul } from "./batch-mat-mul.ts";
import { installConv2DBackpropFilter } from "./conv2d-backprop-filter.ts";
import { installConv2DBackpropInput } from "./conv2d-backprop-input.ts";
import { installConv2D } from "./conv2d.ts";
import { installFusedBatchNorm } from "./fused-batch-norm.ts";
import { installFusedBatchNormGrad } from "./fused-batch-norm-grad.ts";
import { installMaxPoolGrad } from "./max-pool-grad.ts";
import { installReduceLeading } from "./reduce-leading.ts";
import { installReluGrad } from "./relu-grad.ts";
import { installSharing } from "./share.ts";
import { installSlice } from "./slice.ts";

let installed = false;

/** Registers the kernels. Needs `@tensorflow/tfjs-backend-wasm` imported; a second call does nothing. */
export function installTrainingKernels(): void {
  if (installed) return;
  installed = true;
  installBatchMatMul();
  installConv2D();
  installConv2DBackpropFilter();
  installConv2DBackpropInput();
  installFusedBatchNorm();
  installFusedBatchNormGrad();
  installMaxPoolGrad();
  installReduceLeading();
  installReluGrad();
  installSharing();
  installSlice();
}
