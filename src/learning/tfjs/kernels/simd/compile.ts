/**
 * Compiles our routines as fast as this machine and this V8 can run them.
 *
 * Two things are asked for where they are there. Fused multiply-add, of relaxed SIMD (WebAssembly 3.0): each product is added
 * unrounded, so results differ in their last bits between processors with and without it. And 256-bit vectors: V8 can join
 * neighbouring 128-bit operations ("revectorization"), which changes no result. That is an experimental option of V8, so it is
 * on only while our own routines are compiled, only in versions that we have tested, and only if a product of small integers
 * then comes out exactly. `COLEARN_WASM_VECTORS=128` leaves it off.
 */
import v8 from "node:v8";
import { assemble, f32x4, FunctionBuilder, get, v128 } from "./assembler.ts";
import { gemmParameters } from "./gemm.ts";

export interface Instructions {
  /** Whether f32x4.relaxed_madd may be used. */
  readonly fused: boolean;
  /** Whether neighbouring pairs of vectors are joined, so that it pays to use more of them. */
  readonly wide: boolean;
}

/** The version of V8 (that of Node.js 24) whose revectorization our tests have run with. */
const testedVersion = "13.6.";

// Optimised code at once, not after some calls: when the options are gone, it would be compiled without them.
const wideOptions = ["experimental-wasm-revectorize", "no-liftoff", "no-wasm-lazy-compilation"];

/** What can be used here. */
export function availableInstructions(): Instructions {
  const wanted = process.env.COLEARN_WASM_VECTORS !== "128";
  return {
    fused: hasRelaxedSimd(),
    wide: wanted && process.arch === "x64" && process.versions.v8.startsWith(testedVersion),
  };
}

/** The functions that `define` makes of the instructions, compiled: with the best of them that give right results. */
export function compile(
  define: (instructions: Instructions) => readonly FunctionBuilder[],
  instructions = availableInstructions(),
): WebAssembly.Module {
  if (instructions.wide) {
    const bytes = assemble(define(instructions));
    const compiled = withOptions(() => new WebAssembly.Module(bytes));
    if (multipliesRightly(compiled)) return compiled;
  }
  return new WebAssembly.Module(assemble(define({ ...instructions, wide: false })));
}

function withOptions<T>(action: () => T): T {
  for (const option of wideOptions) v8.setFlagsFromString(`--${option}`);
  try {
    return action();
  } finally {
    for (const option of wideOptions) {
      v8.setFlagsFromString(`--${option.startsWith("no-") ? option.slice(3) : `no-${option}`}`);
    }
  }
}

function hasRelaxedSimd(): boolean {
  const probe = new FunctionBuilder("probe", 1);
  const [at] = probe.parameters;
  if (at === undefined) return false;
  const value = v128.load(get(at));
  probe.body(v128.store(get(at), f32x4.relaxedMultiplyAdd(value, value, value)));
  return WebAssembly.validate(assemble([probe]));
}

/** Whether a product of small integers, which no rounding touches, is exact. */
function multipliesRightly(compiled: WebAssembly.Module): boolean {
  const [m, n, k] = [13, 37, 11];
  const memory = new WebAssembly.Memory({ initial: 1 });
  const values = new Float32Array(memory.buffer);
  const [a, b, c] = [0, m * k, m * k + k * n];
  for (let index = 0; index < c; index++) values[index] = ((index * 7919) % 31) - 15;
  const { exports } = new WebAssembly.Instance(compiled, { env: { memory } });
  const args: Record<(typeof gemmParameters)[number], number> = {
    ...{ batch: 1, m, n, k, runs: 1, aRun: 0, accumulate: 0, aBatch: 0, bBatch: 0, cBatch: 0 },
    ...{ a: 4 * a, aRow: 4 * k, aColumn: 4, b: 4 * b, bRow: 4 * n, c: 4 * c, cRow: 4 * n },
  };
  (exports.gemm as (...parameters: number[]) => void)(...gemmParameters.map((name) => args[name]));
  const at = (index: number): number => values[index] ?? NaN;
  for (let row = 0; row < m; row++) {
    for (let column = 0; column < n; column++) {
      let sum = 0;
      for (let inner = 0; inner < k; inner++) sum += at(a + row * k + inner) * at(b + inner * n + column);
      if (at(c + row * n + column) !== sum) return false;
    }
  }
  return true;
}
