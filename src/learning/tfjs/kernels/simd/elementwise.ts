/** Routines that go through arrays of floats once. Two neighbouring vectors at a time, which V8 can join to 256 bits. */
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

const vectorBytes = 16;

interface Access {
  readonly load: (address: Local) => Code;
  readonly store: (address: Local, value: Code) => Code;
}

/** The same statements for two neighbouring vectors of four, then for single floats. `place` is 0 or 1, for locals. */
const steps = [
  { width: 8, places: [0, 1], access: (place: number) => access(4, place * vectorBytes) },
  { width: 1, places: [0], access: () => access(1, 0) },
] as const;

function access(lanes: 4 | 1, offset: number): Access {
  return {
    load: (address) => (lanes === 4 ? v128.load : v128.loadOne)(get(address), offset),
    store: (address, value) => (lanes === 4 ? v128.store : v128.storeOne)(get(address), value, offset),
  };
}

/** For `count` floats: `statements` once for each vector, all `addresses` moving along. */
function throughout(
  index: Local,
  count: Local,
  addresses: readonly Local[],
  statements: (at: Access, place: number) => Code,
): Code {
  return [
    ...set(index, i32.const(0)),
    ...steps.flatMap(({ width, places, access: accessOf }) =>
      loopWhileLess(index, i32.sub(get(count), i32.const(width - 1)), i32.const(width), [
        ...places.flatMap((place) => statements(accessOf(place), place)),
        ...addresses.flatMap((address) => advance(address, i32.const(4 * width))),
      ]),
    ),
  ];
}

/** reluGrad(dy, x, dx, count): dx = dy where x > 0, else 0. */
export function reluGrad(): FunctionBuilder {
  const f = new FunctionBuilder("reluGrad", 4);
  const [dy, x, dx, count] = f.parameters as [Local, Local, Local, Local];
  return f.body(
    throughout(f.local("i32"), count, [dy, x, dx], ({ load, store }) =>
      store(dx, v128.and(load(dy), f32x4.greater(load(x), v128.zero))),
    ),
  );
}

export const adamParameters = ["value", "next", "gradient", "first", "second", "factors", "count"] as const;

/**
 * One step of Adam (Kingma and Ba, 2015, algorithm 1): from `value` to `next`, the moments in place. `factors` are eight
 * floats: beta1, 1 - beta1, beta2, 1 - beta2, 1 / (1 - beta1^t), 1 / (1 - beta2^t), -learning rate, epsilon.
 */
export function adam(): FunctionBuilder {
  const f = new FunctionBuilder("adam", adamParameters.length);
  const p = f.named(adamParameters);
  const names = ["beta1", "rest1", "beta2", "rest2", "correction1", "correction2", "rate", "epsilon"] as const;
  const factors = f.locals("v128", names.length);
  const factor = Object.fromEntries(names.map((name, index) => [name, factors[index]])) as Record<
    (typeof names)[number],
    Local
  >;
  const [gradients, firsts, seconds] = [f.locals("v128", 2), f.locals("v128", 2), f.locals("v128", 2)];
  const { add, mul, div, sqrt } = f32x4;
  return f.body([
    ...factors.flatMap((local, index) => set(local, v128.loadSplat(get(p.factors), 4 * index))),
    ...throughout(
      f.local("i32"),
      p.count,
      [p.value, p.next, p.gradient, p.first, p.second],
      ({ load, store }, place) => {
        const [gradient, first, second] = [gradients[place], firsts[place], seconds[place]] as [Local, Local, Local];
        const [g, m, v] = [get(gradient), get(first), get(second)];
        const denominator = add(sqrt(mul(v, get(factor.correction2))), get(factor.epsilon));
        const step = div(mul(mul(m, get(factor.correction1)), get(factor.rate)), denominator);
        return [
          ...set(gradient, load(p.gradient)),
          ...set(first, add(mul(load(p.first), get(factor.beta1)), mul(g, get(factor.rest1)))),
          ...set(second, add(mul(load(p.second), get(factor.beta2)), mul(mul(g, g), get(factor.rest2)))),
          ...store(p.first, m),
          ...store(p.second, v),
          ...store(p.next, add(load(p.value), step)),
        ];
      },
    ),
  ]);
}

/** scaleAndShift(x, factors, shifts, y, rows, columns): y = x · factors + shifts, row by row. */
export function scaleAndShift(): FunctionBuilder {
  const f = new FunctionBuilder("scaleAndShift", 6);
  const [x, factors, shifts, y, rows, columns] = f.parameters as [Local, Local, Local, Local, Local, Local];
  const [row, column, factor, shift] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")];
  return f.body(
    repeat(row, get(rows), [
      ...set(factor, get(factors)),
      ...set(shift, get(shifts)),
      ...throughout(column, columns, [x, factor, shift, y], ({ load, store }) =>
        store(y, f32x4.add(f32x4.mul(load(x), load(factor)), load(shift))),
      ),
    ]),
  );
}
