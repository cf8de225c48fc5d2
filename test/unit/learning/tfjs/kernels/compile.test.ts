import { expect } from "chai";
import {
  compile,
  availableInstructions,
  type Instructions,
} from "../../../../../src/learning/tfjs/kernels/simd/compile.ts";
import { gemm, gemmParameters } from "../../../../../src/learning/tfjs/kernels/simd/gemm.ts";
import { numbers } from "./both-backends.ts";

/** c [m, n] = a [m, k] b [k, n], by our routine compiled with these instructions. */
function product(instructions: Instructions, m: number, n: number, k: number): Float32Array {
  const memory = new WebAssembly.Memory({ initial: 4 });
  const values = new Float32Array(memory.buffer);
  values.set(numbers(m * k + k * n, m + n + k));
  const compiled = compile((chosen) => [gemm(chosen)], instructions);
  const { exports } = new WebAssembly.Instance(compiled, { env: { memory } });
  const args: Record<(typeof gemmParameters)[number], number> = {
    ...{ batch: 1, m, n, k, runs: 1, aRun: 0, accumulate: 0, aBatch: 0, bBatch: 0, cBatch: 0 },
    ...{ a: 0, aRow: 4 * k, aColumn: 4, b: 4 * m * k, bRow: 4 * n, c: 4 * (m * k + k * n), cRow: 4 * n },
  };
  (exports.gemm as (...parameters: number[]) => void)(...gemmParameters.map((name) => args[name]));
  return values.slice(m * k + k * n, m * k + k * n + m * n);
}

function expected(m: number, n: number, k: number): number[] {
  const values = numbers(m * k + k * n, m + n + k);
  return Array.from({ length: m * n }, (_, cell) => {
    const [row, column] = [Math.floor(cell / n), cell % n];
    let sum = 0;
    for (let inner = 0; inner < k; inner++) sum += values[row * k + inner]! * values[m * k + inner * n + column]!;
    return sum;
  });
}

const sizes = [
  [1, 1, 1],
  [6, 16, 8],
  [7, 17, 5],
  [13, 39, 21],
  [32, 64, 50],
] as const;

describe("The compiled routines", () => {
  it("multiply matrices of every size with each set of instructions that is available", () => {
    const available = availableInstructions();
    for (const fused of new Set([false, available.fused])) {
      for (const wide of new Set([false, available.wide])) {
        for (const [m, n, k] of sizes) {
          const actual = product({ fused, wide }, m, n, k);
          const wanted = expected(m, n, k);
          for (const [cell, value] of wanted.entries()) expect(actual[cell]).to.be.closeTo(value, 1e-5 * k);
        }
      }
    }
  });

  it("give the same bits with 256-bit vectors as without", () => {
    const { fused, wide } = availableInstructions();
    for (const [m, n, k] of sizes) {
      expect(product({ fused, wide }, m, n, k)).to.deep.equal(product({ fused, wide: false }, m, n, k));
    }
  });

  it("leave 256-bit vectors off when the environment asks for it", () => {
    const before = process.env.COLEARN_WASM_VECTORS;
    process.env.COLEARN_WASM_VECTORS = "128";
    try {
      expect(availableInstructions().wide).to.equal(false);
    } finally {
      if (before === undefined) delete process.env.COLEARN_WASM_VECTORS;
      else process.env.COLEARN_WASM_VECTORS = before;
    }
  });
});
