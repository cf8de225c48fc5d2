/**
 * twoSided(matrix): y = L x Lᵀ, for L a constant [p, q] matrix and x a [q, q] grid of channel vectors, for a run of grids.
 * Every transform of Winograd's convolution has this form. Zero coefficients cost nothing, ones no multiplication.
 *
 * Parameters: from, rowStride and columnStride and gridStride of x; to and the same of y; grids; channels (a multiple of
 * 4). Strides are in bytes; `grids` grids lie along gridStride.
 */
import {
  advance,
  type Code,
  f32x4,
  FunctionBuilder,
  get,
  i32,
  type Local,
  loopWhileLess,
  repeat,
  set,
  v128,
} from "./assembler.ts";

export const twoSidedParameters = [
  ...(["from", "fromRow", "fromColumn", "fromGrid"] as const),
  ...(["to", "toRow", "toColumn", "toGrid", "grids", "channels"] as const),
] as const;

export function twoSided(name: string, matrix: readonly (readonly number[])[]): FunctionBuilder {
  const f = new FunctionBuilder(name, twoSidedParameters.length);
  const p = f.named(twoSidedParameters);
  const inputs = matrix[0]?.length ?? 0;
  const [grid, channel, at] = [f.local("i32"), f.local("i32"), f.local("i32")];
  const [read, write, columnStart, rowStart] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")];
  const column = f.locals("v128", inputs);
  /** L x, by row. */
  const half = matrix.map(() => f.locals("v128", inputs));
  const factors = new Map<number, Local>();
  for (const coefficient of matrix.flat().map(Math.abs)) {
    if (coefficient !== 0 && coefficient !== 1 && !factors.has(coefficient)) factors.set(coefficient, f.local("v128"));
  }

  const combine = (coefficients: readonly number[], terms: readonly Local[]): Code => {
    let sum: Code | undefined;
    // A positive term first, so that no negation is needed unless all are negative.
    const order = coefficients.map((c, index) => ({ c, term: terms[index] })).filter(({ c }) => c !== 0);
    for (const { c, term } of order.toSorted((a, b) => Number(b.c > 0) - Number(a.c > 0))) {
      if (term === undefined) continue;
      const factor = factors.get(Math.abs(c));
      const scaled = factor === undefined ? get(term) : f32x4.mul(get(factor), get(term));
      sum = c > 0 ? (sum === undefined ? scaled : f32x4.add(sum, scaled)) : f32x4.sub(sum ?? v128.zero, scaled);
    }
    return sum ?? v128.zero;
  };

  const readColumn = (values: readonly Local[]): Code => [
    ...set(at, get(columnStart)),
    ...values.flatMap((value) => [...set(value, v128.load(get(at))), ...advance(at, get(p.fromRow))]),
  ];
  const writeRow = (values: readonly Code[]): Code => [
    ...set(at, get(rowStart)),
    ...values.flatMap((value) => [...v128.store(get(at), value), ...advance(at, get(p.toColumn))]),
  ];

  return f.body([
    ...[...factors].flatMap(([value, local]) => set(local, f32x4.const(value))),
    ...repeat(grid, get(p.grids), [
      ...set(read, get(p.from)),
      ...set(write, get(p.to)),
      ...set(channel, i32.const(0)),
      ...loopWhileLess(channel, get(p.channels), i32.const(4), [
        ...set(columnStart, get(read)),
        ...column.flatMap((_, j) => [
          ...readColumn(column),
          ...half.flatMap((row, i) =>
            row.slice(j, j + 1).flatMap((cell) => set(cell, combine(matrix[i] ?? [], column))),
          ),
          ...advance(columnStart, get(p.fromColumn)),
        ]),
        ...set(rowStart, get(write)),
        ...half.flatMap((row) => [
          ...writeRow(matrix.map((coefficients) => combine(coefficients, row))),
          ...advance(rowStart, get(p.toRow)),
        ]),
        ...advance(read, i32.const(16)),
        ...advance(write, i32.const(16)),
      ]),
      ...advance(p.from, get(p.fromGrid)),
      ...advance(p.to, get(p.toGrid)),
    ]),
  ]);
}
