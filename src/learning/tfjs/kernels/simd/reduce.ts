/** sumRows(x, rows, columns, divisor, out): out [columns] = the sum of the rows of x [rows, columns], over `divisor`. */
import {
  advance,
  type Code,
  f32x4,
  f64x2,
  FunctionBuilder,
  get,
  i32,
  type Local,
  loopWhileLess,
  repeat,
  set,
  v128,
} from "./assembler.ts";

/** Sums are kept in double precision and rounded once. */
export function sumRows(): FunctionBuilder {
  const f = new FunctionBuilder("sumRows", 5);
  const [x, rows, columns, divisor, out] = f.parameters as [Local, Local, Local, Local, Local];
  const [column, row, at] = [f.local("i32"), f.local("i32"), f.local("i32")];
  const pitch = f.local("i32");
  const sums = f.locals("v128", 8);
  const value = f.local("v128");
  const scale = f.local("v128");

  /** As many blocks of `vectors` times `lanes` columns as are left. */
  const block = (vectors: number, lanes: 4 | 1): Code => {
    const width = vectors * lanes;
    const used = sums.slice(0, 2 * vectors).map((sum, index) => ({ sum, vector: index >> 1, high: index % 2 === 1 }));
    const inUse = lanes === 4 ? used : used.filter(({ high }) => !high);
    const load = lanes === 4 ? v128.load : v128.loadOne;
    return loopWhileLess(column, i32.sub(get(columns), i32.const(width - 1)), i32.const(width), [
      ...inUse.flatMap(({ sum }) => set(sum, v128.zero)),
      ...set(at, i32.add(get(x), i32.mul(get(column), i32.const(4)))),
      ...repeat(row, get(rows), [
        ...inUse.flatMap(({ sum, vector, high }) => [
          ...(high ? [] : set(value, load(get(at), 16 * vector))),
          ...set(sum, f64x2.add(get(sum), f64x2.promoteLow(high ? v128.high(get(value)) : get(value)))),
        ]),
        ...advance(at, get(pitch)),
      ]),
      ...set(at, i32.add(get(out), i32.mul(get(column), i32.const(4)))),
      ...inUse.flatMap(({ sum, vector, high }) => {
        const result = (local: Local): Code => f32x4.demote(f64x2.div(get(local), get(scale)));
        if (lanes === 1) return v128.storeOne(get(at), result(sum));
        const low = sums[2 * vector];
        return high && low !== undefined
          ? v128.store(get(at), v128.joinLow(result(low), result(sum)), 16 * vector)
          : [];
      }),
    ]);
  };

  return f.body([
    ...set(pitch, i32.mul(get(columns), i32.const(4))),
    ...set(scale, f64x2.fromInteger(get(divisor))),
    ...block(4, 4),
    ...block(1, 4),
    ...block(1, 1),
  ]);
}
