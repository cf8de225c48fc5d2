/**
 * A small assembler for WebAssembly with 128-bit SIMD: enough to write numeric loops as TypeScript functions that return
 * instruction bytes, so that unrolling and constant coefficients are ordinary TypeScript, there is no compiler to install
 * and no binary to trust. Opcodes: WebAssembly Core Specification 2.0, chapter 5.
 *
 * Code is bytes in stack order, nested as it was put together and flattened once at the end (copying at every level made
 * assembly ten times slower). An expression leaves one value, a statement none.
 */
export type Code = readonly (number | Code)[];

type ValueType = "i32" | "v128";

export interface Local {
  readonly index: number;
}

const typeByte: Record<ValueType, number> = { i32: 0x7f, v128: 0x7b };
const emptyBlock = 0x40;

function unsigned(value: number): number[] {
  const bytes: number[] = [];
  do {
    const more = value > 0x7f;
    bytes.push((value & 0x7f) | (more ? 0x80 : 0));
    value >>>= 7;
  } while (value !== 0);
  return bytes;
}

function signed(value: number): number[] {
  const bytes: number[] = [];
  for (;;) {
    const low = value & 0x7f;
    value >>= 7;
    const last = (value === 0 && (low & 0x40) === 0) || (value === -1 && (low & 0x40) !== 0);
    bytes.push(last ? low : low | 0x80);
    if (last) return bytes;
  }
}

const simd = (opcode: number): Code => [0xfd, unsigned(opcode)];
const binary =
  (opcode: Code) =>
  (a: Code, b: Code): Code => [a, b, opcode];
const unary =
  (opcode: Code) =>
  (a: Code): Code => [a, opcode];
/** Alignment 4 bytes (a hint), then the offset in bytes. */
const memory = (offset: number): Code => [2, unsigned(offset)];

export const get = (local: Local): Code => [0x20, unsigned(local.index)];
export const set = (local: Local, value: Code): Code => [value, 0x21, unsigned(local.index)];

export const i32 = {
  const: (value: number): Code => [0x41, signed(value)],
  add: binary([0x6a]),
  sub: binary([0x6b]),
  mul: binary([0x6c]),
  /** Signed a < b, as 0 or 1. */
  less: binary([0x48]),
  min: (a: Code, b: Code): Code => [a, b, a, b, 0x48, 0x1b],
  max: (a: Code, b: Code): Code => [a, b, b, a, 0x48, 0x1b],
};

export const f32x4 = {
  /** The same value in all four lanes. */
  const: (value: number): Code => {
    const bytes = new Uint8Array(new Float32Array([value, value, value, value]).buffer);
    return [simd(0x0c), ...bytes];
  },
  add: binary(simd(0xe4)),
  sub: binary(simd(0xe5)),
  mul: binary(simd(0xe6)),
  div: binary(simd(0xe7)),
  sqrt: unary(simd(0xe3)),
  /** a · b + c, rounded once or twice as the processor likes: "relaxed SIMD", of WebAssembly 3.0. */
  relaxedMultiplyAdd: (a: Code, b: Code, c: Code): Code => [a, b, c, simd(0x105)],
  greater: binary(simd(0x44)),
  equal: binary(simd(0x41)),
  /** Two doubles, rounded, in the low lanes; zeros above. */
  demote: unary(simd(0x5e)),
};

export const f64x2 = {
  add: binary(simd(0xf0)),
  div: binary(simd(0xf3)),
  /** The two low floats as doubles. */
  promoteLow: unary(simd(0x5f)),
  fromInteger: (value: Code): Code => [value, 0xb7, simd(0x14)],
};

export const v128 = {
  zero: [simd(0x0c), ...new Array<number>(16).fill(0)] as Code,
  and: binary(simd(0x4e)),
  /** a where b has zeros. */
  andNot: binary(simd(0x4f)),
  load: (address: Code, offset = 0): Code => [address, simd(0x00), memory(offset)],
  /** One float in all four lanes. */
  loadSplat: (address: Code, offset = 0): Code => [address, simd(0x09), memory(offset)],
  /** One float in the lowest lane, zeros above. */
  loadOne: (address: Code, offset = 0): Code => [address, simd(0x5c), memory(offset)],
  store: (address: Code, value: Code, offset = 0): Code => [address, value, simd(0x0b), memory(offset)],
  /** Stores the lowest lane. */
  storeOne: (address: Code, value: Code, offset = 0): Code => [address, value, simd(0x5a), memory(offset), 0],
  /** Lanes 2 and 3 of a in lanes 0 and 1. */
  high: (a: Code): Code => [a, a, simd(0x0d), bytesFrom(8, 8), bytesFrom(8, 8)],
  /** Lanes 0 and 1 of a, then of b. */
  joinLow: (a: Code, b: Code): Code => [a, b, simd(0x0d), bytesFrom(0, 8), bytesFrom(16, 8)],
};

function bytesFrom(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}

export const when = (condition: Code, then: Code, otherwise: Code = []): Code => [
  condition,
  0x04,
  emptyBlock,
  then,
  ...(otherwise.length > 0 ? [0x05, otherwise] : []),
  0x0b,
];

/** for (counter = current value; counter < limit; counter += step) body. The body may move other locals along. */
export const loopWhileLess = (counter: Local, limit: Code, step: Code, body: Code): Code =>
  when(i32.less(get(counter), limit), [
    0x03,
    emptyBlock,
    body,
    set(counter, i32.add(get(counter), step)),
    i32.less(get(counter), limit),
    0x0d,
    0,
    0x0b,
  ]);

/** for (counter = 0; counter < limit; counter++) body. */
export const repeat = (counter: Local, limit: Code, body: Code): Code => [
  ...set(counter, i32.const(0)),
  ...loopWhileLess(counter, limit, i32.const(1), body),
];

/** counter += amount */
export const advance = (counter: Local, amount: Code): Code => set(counter, i32.add(get(counter), amount));

/** One exported function under construction: i32 parameters, no result. */
export class FunctionBuilder {
  readonly name: string;
  readonly parameterCount: number;
  readonly parameters: readonly Local[];
  readonly #locals: ValueType[] = [];
  #body: Code = [];

  constructor(name: string, parameterCount: number) {
    this.name = name;
    this.parameterCount = parameterCount;
    this.parameters = Array.from({ length: parameterCount }, (_, index) => ({ index }));
  }

  /** The parameters by their names, which are given in order. */
  named<Name extends string>(names: readonly Name[]): Readonly<Record<Name, Local>> {
    return Object.fromEntries(names.map((name, index) => [name, { index }])) as Record<Name, Local>;
  }

  local(type: ValueType): Local {
    this.#locals.push(type);
    return { index: this.parameterCount + this.#locals.length - 1 };
  }

  locals(type: ValueType, count: number): Local[] {
    return Array.from({ length: count }, () => this.local(type));
  }

  body(code: Code): this {
    this.#body = code;
    return this;
  }

  encode(): number[] {
    const locals = this.#locals.flatMap((type) => [1, typeByte[type]]);
    const content = flatten([unsigned(this.#locals.length), locals, this.#body, 0x0b]);
    return [...unsigned(content.length), ...content];
  }
}

/** Appends the bytes of nested code to `bytes`. */
function flatten(code: Code, bytes: number[] = []): number[] {
  for (const part of code) {
    if (typeof part === "number") bytes.push(part);
    else flatten(part, bytes);
  }
  return bytes;
}

const section = (id: number, content: number[]): number[] => [id, ...unsigned(content.length), ...content];
const vector = (items: number[][]): number[] => [...unsigned(items.length), ...items.flat()];
const text = (value: string): number[] => [...unsigned(value.length), ...Buffer.from(value, "latin1")];

/** A module of these functions over an imported memory, `env.memory`. */
export function assemble(functions: readonly FunctionBuilder[]): Uint8Array<ArrayBuffer> {
  const types = functions.map((f) => [
    0x60,
    ...vector(new Array<number[]>(f.parameterCount).fill([typeByte.i32])),
    ...vector([]),
  ]);
  return new Uint8Array([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vector(types)),
    ...section(2, vector([[...text("env"), ...text("memory"), 0x02, 0x00, 0x00]])),
    ...section(3, vector(functions.map((_, index) => unsigned(index)))),
    ...section(7, vector(functions.map((f, index) => [...text(f.name), 0x00, ...unsigned(index)]))),
    ...section(10, vector(functions.map((f) => f.encode()))),
  ]);
}
