/**
 * Our SIMD routines, assembled once and bound to the heap of a wasm backend, so that they work on tensors where they lie.
 */
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import { ColearnError } from "../../../../errors.ts";
import type { FunctionBuilder } from "./assembler.ts";
import { compile, type Instructions } from "./compile.ts";
import { adam, adamParameters, reluGrad, scaleAndShift } from "./elementwise.ts";
import { gemm, gemmParameters } from "./gemm.ts";
import { maxPoolGrad, maxPoolGradParameters } from "./max-pool-grad.ts";
import { sumRows } from "./reduce.ts";
import { twoSided, twoSidedParameters } from "./two-sided.ts";
import { filterMatrix, inputMatrix, outputMatrix, transposed } from "./winograd-matrices.ts";

type Named<Names extends readonly string[]> = Readonly<Record<Names[number], number>>;
/** Applies a constant matrix to both sides of grids of channel vectors; see two-sided.ts. */
type GridTransform = (args: Named<typeof twoSidedParameters>) => void;

/** The transforms of Winograd's convolution for one size of filter. */
interface WinogradTransforms {
  /** Bᵀ d B: 6x6 patch of the input. */
  readonly input: GridTransform;
  /** G g Gᵀ: filter to 6x6. */
  readonly filter: GridTransform;
  /** Aᵀ z A: 6x6 products to m x m outputs. */
  readonly output: GridTransform;
  /** A dy Aᵀ: m x m gradients to 6x6. */
  readonly outputGradient: GridTransform;
  /** Gᵀ z G: 6x6 products to the filter's gradient. */
  readonly filterGradient: GridTransform;
}

/** Addresses and strides are in bytes of the backend's heap. */
interface Routines {
  readonly sumRows: (x: number, rows: number, columns: number, divisor: number, out: number) => void;
  readonly reluGrad: (dy: number, x: number, dx: number, count: number) => void;
  readonly adam: (args: Named<typeof adamParameters>) => void;
  readonly scaleAndShift: (
    ...args: [x: number, factors: number, shifts: number, y: number, rows: number, columns: number]
  ) => void;
  readonly maxPoolGrad: (args: Named<typeof maxPoolGradParameters>) => void;
  readonly gemm: (
    args: Omit<Named<typeof gemmParameters>, "runs" | "aRun"> & { readonly runs?: number; readonly aRun?: number },
  ) => void;
  readonly winograd: Readonly<Record<3 | 5, WinogradTransforms>>;
}

const bound = new WeakMap<BackendWasm, Routines>();
let compiled: WebAssembly.Module | undefined;

export function routinesOf(backend: BackendWasm): Routines {
  let routines = bound.get(backend);
  if (routines === undefined) {
    routines = bind(memoryOf(backend));
    bound.set(backend, routines);
  }
  return routines;
}

function memoryOf(backend: BackendWasm): WebAssembly.Memory {
  // What Emscripten's module object keeps of its exports; tfjs's types leave it out.
  const { asm } = backend.wasm as unknown as { asm?: { memory?: unknown } };
  if (asm?.memory instanceof WebAssembly.Memory) return asm.memory;
  throw new ColearnError("wasm-memory-not-found", "tfjs's wasm backend does not show its memory to our kernels", {
    remedy: "Install the version of @tensorflow/tfjs-backend-wasm that package-lock.json names, or use --backend cpu.",
  });
}

function winogradFunctions(r: 3 | 5, instructions: Instructions): Record<keyof WinogradTransforms, FunctionBuilder> {
  const outputs = outputMatrix(7 - r);
  const filters = filterMatrix(r);
  return {
    input: twoSided("winogradInput", inputMatrix, instructions),
    filter: twoSided(`winogradFilter${r}`, filters, instructions),
    output: twoSided(`winogradOutput${r}`, transposed(outputs), instructions),
    outputGradient: twoSided(`winogradOutputGradient${r}`, outputs, instructions),
    filterGradient: twoSided(`winogradFilterGradient${r}`, transposed(filters), instructions),
  };
}

function bind(memory: WebAssembly.Memory): Routines {
  compiled ??= compile((instructions) => {
    const transforms = [3, 5].flatMap((r) => Object.values(winogradFunctions(r === 3 ? 3 : 5, instructions)));
    // The input's transform is the same for both sizes.
    const once = new Map(transforms.map((f) => [f.name, f])).values();
    return [sumRows(), reluGrad(), adam(), scaleAndShift(), maxPoolGrad(), gemm(instructions), ...once];
  });
  const { exports } = new WebAssembly.Instance(compiled, { env: { memory } });
  const routine = (name: string) => exports[name] as (...args: number[]) => void;
  const named = <Names extends readonly string[]>(name: string, names: Names) => {
    const call = routine(name);
    return (args: Named<Names>) => call(...names.map((key) => args[key as Names[number]]));
  };
  const transformsOf = (r: 3 | 5): WinogradTransforms => ({
    input: named("winogradInput", twoSidedParameters),
    filter: named(`winogradFilter${r}`, twoSidedParameters),
    output: named(`winogradOutput${r}`, twoSidedParameters),
    outputGradient: named(`winogradOutputGradient${r}`, twoSidedParameters),
    filterGradient: named(`winogradFilterGradient${r}`, twoSidedParameters),
  });
  const product = named("gemm", gemmParameters);
  return {
    sumRows: routine("sumRows"),
    reluGrad: routine("reluGrad"),
    adam: named("adam", adamParameters),
    scaleAndShift: routine("scaleAndShift"),
    maxPoolGrad: named("maxPoolGrad", maxPoolGradParameters),
    gemm: (args) => product({ runs: 1, aRun: 0, ...args }),
    winograd: { 3: transformsOf(3), 5: transformsOf(5) },
  };
}
