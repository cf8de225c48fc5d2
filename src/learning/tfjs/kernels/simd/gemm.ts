/**
 * gemm: c [m, n] (+)= a [m, k] times b [k, n] in float32, for `batch` such products. b and c have unit column stride; a
 * has any strides, so a transposed a needs no copy, and its columns may lie in `runs` runs of k, aRun apart (then b has runs · k
 * rows). Strides are in bytes. A zero stride of c between products with
 * `accumulate` adds them all up.
 *
 * Register blocking after Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication" (2008); no packing,
 * since what our kernels multiply fits the second-level cache.
 */
import {
  advance,
  type Code,
  f32x4,
  FunctionBuilder,
  get,
  i32,
  loopWhileLess,
  repeat,
  set,
  v128,
  when,
} from "./assembler.ts";
import type { Instructions } from "./compile.ts";

export const gemmParameters = [
  ...(["batch", "m", "n", "k", "runs", "a", "aRow", "aColumn", "aRun", "aBatch"] as const),
  ...(["b", "bRow", "bBatch", "c", "cRow", "cBatch", "accumulate"] as const),
] as const;

const rowBlocks = [6, 5, 4, 3, 2, 1] as const;
/** Columns: vectors, then single floats. Four vectors are two registers of 256 bits. */
const columnBlocks = [
  { vectors: 4, lanes: 4 },
  { vectors: 2, lanes: 4 },
  { vectors: 1, lanes: 4 },
  { vectors: 1, lanes: 1 },
] as const;

export function gemm({ fused, wide }: Instructions): FunctionBuilder {
  const most = wide ? 4 : 2;
  const multiplyAdd = (a: Code, b: Code, sum: Code): Code =>
    fused ? f32x4.relaxedMultiplyAdd(a, b, sum) : f32x4.add(sum, f32x4.mul(a, b));
  const f = new FunctionBuilder("gemm", gemmParameters.length);
  const p = f.named(gemmParameters);
  const [product, row, column, inner] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")];
  const [run, toNextRun] = [f.local("i32"), f.local("i32")];
  const bAt = f.local("i32");
  const aAt = f.locals("i32", 6);
  const cAt = f.locals("i32", 6);
  const sums = f.locals("v128", 6 * most);
  const bValues = f.locals("v128", most);
  const aValue = f.local("v128");

  /** One block of c: `rows` by `vectors` times `lanes`, at (row, column). */
  const tile = (rows: number, vectors: number, lanes: 4 | 1): Code => {
    const load = lanes === 4 ? v128.load : v128.loadOne;
    const store = lanes === 4 ? v128.store : v128.storeOne;
    const aRows = aAt.slice(0, rows);
    const cRows = cAt.slice(0, rows);
    const bs = bValues.slice(0, vectors);
    const cells = cRows.flatMap((at, r) =>
      sums.slice(r * vectors, (r + 1) * vectors).map((sum, v) => ({ at, sum, offset: 16 * v })),
    );
    const columnBytes = i32.mul(get(column), i32.const(4));
    return [
      ...aRows.flatMap((at, r) => set(at, i32.add(get(p.a), i32.mul(i32.add(get(row), i32.const(r)), get(p.aRow))))),
      ...cRows.flatMap((at, r) =>
        set(at, i32.add(i32.add(get(p.c), columnBytes), i32.mul(i32.add(get(row), i32.const(r)), get(p.cRow)))),
      ),
      ...set(bAt, i32.add(get(p.b), columnBytes)),
      ...when(
        get(p.accumulate),
        cells.flatMap(({ at, sum, offset }) => set(sum, load(get(at), offset))),
        cells.flatMap(({ sum }) => set(sum, v128.zero)),
      ),
      ...repeat(run, get(p.runs), [
        ...repeat(inner, get(p.k), [
          ...bs.flatMap((b, v) => set(b, load(get(bAt), 16 * v))),
          ...advance(bAt, get(p.bRow)),
          ...aRows.flatMap((at, r) => [
            ...set(aValue, v128.loadSplat(get(at))),
            ...advance(at, get(p.aColumn)),
            ...sums
              .slice(r * vectors, (r + 1) * vectors)
              .flatMap((sum, v) => set(sum, multiplyAdd(get(aValue), get(bs[v] ?? aValue), get(sum)))),
          ]),
        ]),
        ...aRows.flatMap((at) => advance(at, get(toNextRun))),
      ]),
      ...cells.flatMap(({ at, sum, offset }) => store(get(at), get(sum), offset)),
    ];
  };

  /** All columns of as many blocks of `rows` rows as are left. */
  const stripe = (rows: number): Code =>
    loopWhileLess(row, i32.sub(get(p.m), i32.const(rows - 1)), i32.const(rows), [
      ...set(column, i32.const(0)),
      ...columnBlocks
        .filter(({ vectors }) => vectors <= most)
        .flatMap(({ vectors, lanes }) =>
          loopWhileLess(
            column,
            i32.sub(get(p.n), i32.const(vectors * lanes - 1)),
            i32.const(vectors * lanes),
            tile(rows, vectors, lanes),
          ),
        ),
    ]);

  return f.body([
    ...set(toNextRun, i32.sub(get(p.aRun), i32.mul(get(p.k), get(p.aColumn)))),
    ...repeat(product, get(p.batch), [
      ...set(row, i32.const(0)),
      ...rowBlocks.flatMap(stripe),
      ...advance(p.a, get(p.aBatch)),
      ...advance(p.b, get(p.bBatch)),
      ...advance(p.c, get(p.cBatch)),
    ]),
  ]);
}
