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
import type { Instructions } from "./compile.ts";

export const twoSidedParameters = [
  ...(["from", "fromRow", "fromColumn", "fromGrid"] as const),
  ...(["to", "toRow", "toColumn", "toGrid", "grids", "channels"] as const),
] as const;

export function twoSided(
  name: string,
  matrix: readonly (readonly number[])[],
  { wide }: Instructions,
): FunctionBuilder {
  const f = new FunctionBuilder(name, twoSidedParameters.length);
  const p = f.named(twoSidedParameters);
  const inputs = matrix[0]?.length ?? 0;
  const [grid, channel, at] = [f.local("i32"), f.local("i32"), f.local("i32")];
  const [read, write, columnStart, rowStart] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")];
  /** Two neighbouring vectors side by side, which V8 joins to 256 bits; else one. */
  const places = wide ? [0, 1] : [0];
  const columns = places.map(() => f.locals("v128", inputs));
  /** L x, by row. */
  const halves = places.map(() => matrix.map(() => f.locals("v128", inputs)));
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

  const vectorBytes = 16;
  /** All blocks of as many neighbouring vectors of channels as are left. */
  const blocks = (vectors: number): Code => {
    const used = places.slice(0, vectors);
    const readColumn: Code = [
      ...set(at, get(columnStart)),
      ...Array.from({ length: inputs }, (_, i) => [
        ...columns
          .slice(0, vectors)
          .map((column, place) =>
            column.slice(i, i + 1).flatMap((value) => set(value, v128.load(get(at), vectorBytes * place))),
          ),
        ...advance(at, get(p.fromRow)),
      ]),
    ];
    const multiply = (j: number): Code =>
      matrix.flatMap((coefficients, i) =>
        used.flatMap((place) =>
          (halves[place]?.[i] ?? [])
            .slice(j, j + 1)
            .flatMap((cell) => set(cell, combine(coefficients, columns[place] ?? []))),
        ),
      );
    const writeRow = (i: number): Code => [
      ...set(at, get(rowStart)),
      ...matrix.flatMap((coefficients) => [
        ...used.flatMap((place) =>
          v128.store(get(at), combine(coefficients, halves[place]?.[i] ?? []), vectorBytes * place),
        ),
        ...advance(at, get(p.toColumn)),
      ]),
    ];
    const width = 4 * vectors;
    return loopWhileLess(channel, i32.sub(get(p.channels), i32.const(width - 1)), i32.const(width), [
      ...set(columnStart, get(read)),
      ...Array.from({ length: inputs }, (_, j) => [readColumn, multiply(j), advance(columnStart, get(p.fromColumn))]),
      ...set(rowStart, get(write)),
      ...matrix.map((_, i) => [writeRow(i), advance(rowStart, get(p.toRow))]),
      ...advance(read, i32.const(vectorBytes * vectors)),
      ...advance(write, i32.const(vectorBytes * vectors)),
    ]);
  };

  return f.body([
    ...[...factors].flatMap(([value, local]) => set(local, f32x4.const(value))),
    ...repeat(grid, get(p.grids), [
      ...set(read, get(p.from)),
      ...set(write, get(p.to)),
      ...set(channel, i32.const(0)),
      ...(wide ? blocks(2) : []),
      ...blocks(1),
      ...advance(p.from, get(p.fromGrid)),
      ...advance(p.to, get(p.toGrid)),
    ]),
  ]);
}
