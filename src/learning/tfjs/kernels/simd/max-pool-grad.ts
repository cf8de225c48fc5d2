/**
 * maxPoolGrad: for x [N, H, W, C], y [N, OH, OW, C] its maxima and dy of y's shape, adds each dy to the first place of
 * its window, in row order, whose x equals the maximum (the cpu backend's rule for ties). dx must be zeroed before.
 */
import { advance, type Code, f32x4, FunctionBuilder, get, i32, loopWhileLess, repeat, set, v128 } from "./assembler.ts";

export const maxPoolGradParameters = [
  ...(["x", "y", "dy", "dx", "batch", "height", "width", "channels", "outHeight", "outWidth"] as const),
  ...(["filterHeight", "filterWidth", "strideHeight", "strideWidth", "padTop", "padLeft"] as const),
] as const;

export function maxPoolGrad(): FunctionBuilder {
  const f = new FunctionBuilder("maxPoolGrad", maxPoolGradParameters.length);
  const p = f.named(maxPoolGradParameters);
  const [n, outRow, outColumn, channel] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")];
  const [row, rowEnd, column, columnEnd] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")];
  const [rowStart, columnStart] = [f.local("i32"), f.local("i32")];
  const [at, out, pitch] = [f.local("i32"), f.local("i32"), f.local("i32")];
  const [maximum, gradient, open, hit] = [f.local("v128"), f.local("v128"), f.local("v128"), f.local("v128")];

  /** As many blocks of 4 channels (or of 1) as are left. `at` and `out` are byte offsets, the same in x as in dx. */
  const channels = (lanes: 4 | 1): Code => {
    const load = lanes === 4 ? v128.load : v128.loadOne;
    const store = lanes === 4 ? v128.store : v128.storeOne;
    return loopWhileLess(channel, i32.sub(get(p.channels), i32.const(lanes - 1)), i32.const(lanes), [
      ...set(maximum, load(i32.add(get(p.y), get(out)))),
      ...set(gradient, load(i32.add(get(p.dy), get(out)))),
      ...set(open, f32x4.equal(v128.zero, v128.zero)),
      ...set(row, get(rowStart)),
      ...loopWhileLess(row, get(rowEnd), i32.const(1), [
        ...set(
          at,
          i32.add(
            i32.mul(
              i32.add(i32.mul(i32.add(i32.mul(get(n), get(p.height)), get(row)), get(p.width)), get(columnStart)),
              get(pitch),
            ),
            i32.mul(get(channel), i32.const(4)),
          ),
        ),
        ...set(column, get(columnStart)),
        ...loopWhileLess(column, get(columnEnd), i32.const(1), [
          ...set(hit, v128.and(get(open), f32x4.equal(load(i32.add(get(p.x), get(at))), get(maximum)))),
          ...set(open, v128.andNot(get(open), get(hit))),
          ...store(
            i32.add(get(p.dx), get(at)),
            f32x4.add(load(i32.add(get(p.dx), get(at))), v128.and(get(gradient), get(hit))),
          ),
          ...advance(at, get(pitch)),
        ]),
      ]),
      ...advance(out, i32.const(4 * lanes)),
    ]);
  };

  return f.body([
    ...set(pitch, i32.mul(get(p.channels), i32.const(4))),
    ...repeat(
      n,
      get(p.batch),
      repeat(outRow, get(p.outHeight), [
        ...set(row, i32.sub(i32.mul(get(outRow), get(p.strideHeight)), get(p.padTop))),
        ...set(rowStart, i32.max(get(row), i32.const(0))),
        ...set(rowEnd, i32.min(i32.add(get(row), get(p.filterHeight)), get(p.height))),
        ...repeat(outColumn, get(p.outWidth), [
          ...set(column, i32.sub(i32.mul(get(outColumn), get(p.strideWidth)), get(p.padLeft))),
          ...set(columnStart, i32.max(get(column), i32.const(0))),
          ...set(columnEnd, i32.min(i32.add(get(column), get(p.filterWidth)), get(p.width))),
          ...set(channel, i32.const(0)),
          ...channels(4),
          ...channels(1),
        ]),
      ]),
    ),
  ]);
}
