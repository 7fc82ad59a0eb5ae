import { describe, expect, test } from 'vitest';
import {
  call,
  type Expr,
  f32,
  f32x4,
  f64,
  f64x2,
  i8x16,
  i32,
  i32x4,
  i64,
  i64x2,
  ModuleBuilder,
  memory,
  type Operand,
  select,
  tee,
  type ValueType,
  v128,
} from './assembler';

type Run = (...args: unknown[]) => unknown;

function exportsOf(module: ModuleBuilder, imports: WebAssembly.Imports = {}) {
  return new WebAssembly.Instance(new WebAssembly.Module(module.encode()), imports).exports as Record<string, Run> & {
    memory: WebAssembly.Memory;
  };
}

/** What expressions without variables are worth; vectors as their 16 bytes. */
function values(exprs: readonly Expr<ValueType>[]): unknown[] {
  const module = new ModuleBuilder();
  module.memory({ initial: 1 });
  module.exportMemory('memory');
  exprs.forEach((expr, i) => {
    if (expr.type === 'v128') {
      const vector = expr as Expr<'v128'>;
      module.export(
        `${i}`,
        module.function({ params: [], result: 'void' }, (f) => f.emit(v128.store(0, vector))),
      );
    } else {
      const scalar = expr as Expr<'i32'>;
      const signature = { params: [], result: scalar.type } as const;
      module.export(
        `${i}`,
        module.function(signature, (f) => f.return(scalar)),
      );
    }
  });
  const exported = exportsOf(module);
  return exprs.map((expr, i) => {
    const value = exported[`${i}`]?.();
    return expr.type === 'v128' ? [...new Uint8Array(exported.memory.buffer, 0, 16)] : value;
  });
}

const bytesOf = (lanes: { buffer: ArrayBufferLike }) => [...new Uint8Array(lanes.buffer)];

/** Checks each instruction on each pair of operands; the names show which one is wrong. */
function check(cases: Record<string, [Expr<ValueType>, unknown][]>) {
  const names = Object.entries(cases).flatMap(([name, list]) => list.map((_, i) => `${name} ${i}`));
  const flat = Object.values(cases).flat();
  const got = values(flat.map(([expr]) => expr));
  expect(Object.fromEntries(names.map((name, i) => [name, got[i]]))).toEqual(
    Object.fromEntries(names.map((name, i) => [name, flat[i]?.[1]])),
  );
}

type Instructions<T extends ValueType, R extends ValueType, N extends string> = Record<
  N,
  (x: Operand<T>, y: Operand<T>) => Expr<R>
>;
const integerComparisons = ['eq', 'ne', 'ltS', 'ltU', 'gtS', 'gtU', 'leS', 'leU', 'geS', 'geU'] as const;
const floatComparisons = ['eq', 'ne', 'lt', 'gt', 'le', 'ge'] as const;

const compare: Record<(typeof integerComparisons)[number], (x: bigint, y: bigint) => boolean> = {
  eq: (x, y) => x === y,
  ne: (x, y) => x !== y,
  ltS: (x, y) => x < y,
  ltU: (x, y) => BigInt.asUintN(64, x) < BigInt.asUintN(64, y),
  gtS: (x, y) => x > y,
  gtU: (x, y) => BigInt.asUintN(64, x) > BigInt.asUintN(64, y),
  leS: (x, y) => x <= y,
  leU: (x, y) => BigInt.asUintN(64, x) <= BigInt.asUintN(64, y),
  geS: (x, y) => x >= y,
  geU: (x, y) => BigInt.asUintN(64, x) >= BigInt.asUintN(64, y),
};
const compareFloats: Record<(typeof floatComparisons)[number], (x: number, y: number) => boolean> = {
  eq: (x, y) => x === y,
  ne: (x, y) => x !== y,
  lt: (x, y) => x < y,
  gt: (x, y) => x > y,
  le: (x, y) => x <= y,
  ge: (x, y) => x >= y,
};
const ordered = [
  [-1, 1],
  [1, 1],
  [1, -1],
] as const;
const orderedFloats = [...ordered, [Number.NaN, 1]] as const;

function integerCases<T extends 'i32' | 'i64'>(
  instructions: Instructions<T, 'i32', (typeof integerComparisons)[number]>,
  lift: (value: number) => Operand<T>,
) {
  return Object.fromEntries(
    integerComparisons.map((name) => [
      name,
      ordered.map(([x, y]): [Expr<ValueType>, unknown] => [
        instructions[name](lift(x), lift(y)),
        compare[name](BigInt(x), BigInt(y)) ? 1 : 0,
      ]),
    ]),
  );
}

function floatCases<T extends 'f32' | 'f64'>(
  instructions: Instructions<T, 'i32', (typeof floatComparisons)[number]>,
  lift: (value: number) => Operand<T>,
) {
  return Object.fromEntries(
    floatComparisons.map((name) => [
      name,
      orderedFloats.map(([x, y]): [Expr<ValueType>, unknown] => [
        instructions[name](lift(x), lift(y)),
        compareFloats[name](x, y) ? 1 : 0,
      ]),
    ]),
  );
}

describe('scalar instructions', () => {
  test('i32', () => {
    check({
      ...integerCases<'i32'>(i32, (x) => x),
      const: [0, 1, -1, 63, 64, -64, -65, 2 ** 31 - 1, -(2 ** 31)].map((x) => [i32.const(x), x]),
      unsigned: [[i32.const(2 ** 32 - 1), -1]],
      eqz: [
        [i32.eqz(0), 1],
        [i32.eqz(4), 0],
      ],
      clz: [[i32.clz(1), 31]],
      ctz: [[i32.ctz(8), 3]],
      popcnt: [[i32.popcnt(255), 8]],
      add: [[i32.add(2 ** 31 - 1, 1), -(2 ** 31)]],
      sub: [[i32.sub(3, 5), -2]],
      mul: [[i32.mul(65537, 65537), 131073]],
      divS: [[i32.divS(-7, 2), -3]],
      divU: [[i32.divU(-7, 2), 2147483644]],
      remS: [[i32.remS(-7, 2), -1]],
      remU: [[i32.remU(-7, 2), 1]],
      and: [[i32.and(12, 10), 8]],
      or: [[i32.or(12, 10), 14]],
      xor: [[i32.xor(12, 10), 6]],
      shl: [[i32.shl(1, 33), 2]],
      shrS: [[i32.shrS(-8, 1), -4]],
      shrU: [[i32.shrU(-8, 28), 15]],
      rotl: [[i32.rotl(2 ** 31 + 1, 1), 3]],
      rotr: [[i32.rotr(3, 1), -(2 ** 31) + 1]],
      wrapI64: [[i32.wrapI64(2n ** 40n + 5n), 5]],
      truncSatF32S: [[i32.truncSatF32S(-1e20), -(2 ** 31)]],
      truncSatF32U: [[i32.truncSatF32U(3e9), 3e9 - 2 ** 32]],
      truncSatF64S: [[i32.truncSatF64S(-2.9), -2]],
      truncSatF64U: [[i32.truncSatF64U(-2.9), 0]],
      reinterpretF32: [[i32.reinterpretF32(1), 0x3f800000]],
      extend8S: [[i32.extend8S(0x1ff), -1]],
      extend16S: [[i32.extend16S(0x18000), -(2 ** 15)]],
    });
  });

  test('i64', () => {
    check({
      ...integerCases<'i64'>(i64, BigInt),
      const: [0n, -1n, 64n, -65n, 2n ** 63n - 1n, -(2n ** 63n)].map((x) => [i64.const(x), x]),
      eqz: [[i64.eqz(0n), 1]],
      clz: [[i64.clz(1n), 63n]],
      ctz: [[i64.ctz(2n ** 40n), 40n]],
      popcnt: [[i64.popcnt(-1n), 64n]],
      add: [[i64.add(2n ** 63n - 1n, 1n), -(2n ** 63n)]],
      sub: [[i64.sub(3n, 5n), -2n]],
      mul: [[i64.mul(2n ** 33n + 1n, 2n ** 33n + 1n), 2n ** 34n + 1n]],
      divS: [[i64.divS(-7n, 2n), -3n]],
      divU: [[i64.divU(-7n, 2n), 2n ** 63n - 4n]],
      remS: [[i64.remS(-7n, 2n), -1n]],
      remU: [[i64.remU(-7n, 2n), 1n]],
      and: [[i64.and(12n, 10n), 8n]],
      or: [[i64.or(12n, 10n), 14n]],
      xor: [[i64.xor(12n, 10n), 6n]],
      shl: [[i64.shl(1n, 65n), 2n]],
      shrS: [[i64.shrS(-8n, 1n), -4n]],
      shrU: [[i64.shrU(-8n, 60n), 15n]],
      rotl: [[i64.rotl(2n ** 63n, 1n), 1n]],
      rotr: [[i64.rotr(1n, 1n), -(2n ** 63n)]],
      extendI32S: [[i64.extendI32S(-1), -1n]],
      extendI32U: [[i64.extendI32U(-1), 2n ** 32n - 1n]],
      truncSatF32S: [[i64.truncSatF32S(-1.5), -1n]],
      truncSatF32U: [[i64.truncSatF32U(-1.5), 0n]],
      truncSatF64S: [[i64.truncSatF64S(1e300), 2n ** 63n - 1n]],
      truncSatF64U: [[i64.truncSatF64U(1e300), -1n]],
      reinterpretF64: [[i64.reinterpretF64(1), 0x3ff0000000000000n]],
    });
  });

  test('f32 and f64', () => {
    check({
      ...floatCases<'f32'>(f32, (x) => x),
      const: [[f32.const(0.1), Math.fround(0.1)]],
      abs: [[f32.abs(-2), 2]],
      neg: [[f32.neg(2), -2]],
      ceil: [[f32.ceil(-1.5), -1]],
      floor: [[f32.floor(-1.5), -2]],
      trunc: [[f32.trunc(1.75), 1]],
      nearest: [[f32.nearest(2.5), 2]],
      sqrt: [[f32.sqrt(2), Math.fround(Math.SQRT2)]],
      add: [[f32.add(1, 2), 3]],
      sub: [[f32.sub(1, 2), -1]],
      mul: [[f32.mul(3, 2), 6]],
      div: [[f32.div(1, 3), Math.fround(1 / 3)]],
      min: [[f32.min(1, 2), 1]],
      max: [[f32.max(1, 2), 2]],
      copysign: [[f32.copysign(3, -1), -3]],
      convertI32S: [[f32.convertI32S(-1), -1]],
      convertI32U: [[f32.convertI32U(-1), 2 ** 32]],
      convertI64S: [[f32.convertI64S(-1n), -1]],
      convertI64U: [[f32.convertI64U(-1n), 2 ** 64]],
      demoteF64: [[f32.demoteF64(-0.1), Math.fround(-0.1)]],
      reinterpretI32: [[f32.reinterpretI32(0x3f800000), 1]],
    });
    check({
      ...floatCases<'f64'>(f64, (x) => x),
      const: [[f64.const(0.1), 0.1]],
      abs: [[f64.abs(-2), 2]],
      neg: [[f64.neg(2), -2]],
      ceil: [[f64.ceil(-1.5), -1]],
      floor: [[f64.floor(-1.5), -2]],
      trunc: [[f64.trunc(1.75), 1]],
      nearest: [[f64.nearest(2.5), 2]],
      sqrt: [[f64.sqrt(2), Math.SQRT2]],
      add: [[f64.add(1, 2), 3]],
      sub: [[f64.sub(1, 2), -1]],
      mul: [[f64.mul(3, 2), 6]],
      div: [[f64.div(1, 3), 1 / 3]],
      min: [[f64.min(1, 2), 1]],
      max: [[f64.max(1, 2), 2]],
      copysign: [[f64.copysign(3, -1), -3]],
      convertI32S: [[f64.convertI32S(-1), -1]],
      convertI32U: [[f64.convertI32U(-1), 2 ** 32 - 1]],
      convertI64S: [[f64.convertI64S(-1n), -1]],
      convertI64U: [[f64.convertI64U(-1n), 2 ** 64]],
      promoteF32: [[f64.promoteF32(-0.1), Math.fround(-0.1)]],
      reinterpretI64: [[f64.reinterpretI64(0x3ff0000000000000n), 1]],
    });
  });

  test('select', () => {
    check({
      select: [
        [select(1, f64.const(2), f64.const(3)), 2],
        [select(0, f64.const(2), f64.const(3)), 3],
      ],
      vector: [[select(0, i32x4.const(1, 1, 1, 1), i32x4.const(1, 2, 3, 4)), bytesOf(Int32Array.of(1, 2, 3, 4))]],
    });
  });
});

describe('vector instructions', () => {
  test('i32x4', () => {
    const x = [-5, 7, 2 ** 31 - 1, 1] as const;
    const y = [3, 7, 1, -1] as const;
    const [a, b] = [i32x4.const(...x), i32x4.const(...y)];
    const lanes = (f: (x: number, y: number) => number) => bytesOf(Int32Array.from(x, (v, i) => f(v, y[i] as number)));
    check({
      ...Object.fromEntries(
        integerComparisons.map((name) => [
          name,
          [[i32x4[name](a, b), lanes((u, v) => (compare[name](BigInt(u), BigInt(v)) ? -1 : 0))]],
        ]),
      ),
      abs: [[i32x4.abs(a), lanes((u) => Math.abs(u))]],
      neg: [[i32x4.neg(a), lanes((u) => -u)]],
      add: [[i32x4.add(a, b), lanes((u, v) => u + v)]],
      sub: [[i32x4.sub(a, b), lanes((u, v) => u - v)]],
      mul: [[i32x4.mul(a, b), lanes(Math.imul)]],
      minS: [[i32x4.minS(a, b), lanes(Math.min)]],
      minU: [[i32x4.minU(a, b), lanes((u, v) => Math.min(u >>> 0, v >>> 0))]],
      maxS: [[i32x4.maxS(a, b), lanes(Math.max)]],
      maxU: [[i32x4.maxU(a, b), lanes((u, v) => Math.max(u >>> 0, v >>> 0))]],
      shl: [[i32x4.shl(a, 3), lanes((u) => u << 3)]],
      shrS: [[i32x4.shrS(a, 3), lanes((u) => u >> 3)]],
      shrU: [[i32x4.shrU(a, 3), lanes((u) => u >>> 3)]],
      splat: [[i32x4.splat(9), bytesOf(Int32Array.of(9, 9, 9, 9))]],
      extractLane: [[i32x4.extractLane(a, 2), x[2]]],
      replaceLane: [[i32x4.replaceLane(a, 1, 8), bytesOf(Int32Array.from(x.with(1, 8)))]],
      allTrue: [
        [i32x4.allTrue(a), 1],
        [i32x4.allTrue(i32x4.const(1, 1, 0, 1)), 0],
      ],
      bitmask: [[i32x4.bitmask(a), 1]],
      truncSatF32x4S: [
        [i32x4.truncSatF32x4S(f32x4.const(-1.5, 1.5, 1e20, 0)), bytesOf(Int32Array.of(-1, 1, 2 ** 31 - 1, 0))],
      ],
      truncSatF32x4U: [[i32x4.truncSatF32x4U(f32x4.const(-1.5, 1.5, 1e20, 0)), bytesOf(Int32Array.of(0, 1, -1, 0))]],
      truncSatF64x2SZero: [
        [i32x4.truncSatF64x2SZero(f64x2.const(-1.5, 1e20)), bytesOf(Int32Array.of(-1, 2 ** 31 - 1, 0, 0))],
      ],
      truncSatF64x2UZero: [[i32x4.truncSatF64x2UZero(f64x2.const(-1.5, 1e20)), bytesOf(Int32Array.of(0, -1, 0, 0))]],
    });
  });

  test('i64x2', () => {
    const x = [-5n, 2n ** 40n] as const;
    const y = [3n, 2n ** 40n] as const;
    const [a, b] = [x, y].map(([low, high]) => i64x2.replaceLane(i64x2.splat(low), 1, high)) as [
      Expr<'v128'>,
      Expr<'v128'>,
    ];
    const lanes = (f: (x: bigint, y: bigint) => bigint) =>
      bytesOf(BigInt64Array.from(x, (v, i) => BigInt.asIntN(64, f(v, y[i] as bigint))));
    const truth = (f: (x: bigint, y: bigint) => boolean) => lanes((u, v) => (f(u, v) ? -1n : 0n));
    const i = i32x4.const(-1, 2, 3, -4);
    const longs = (low: bigint, high: bigint) => bytesOf(BigInt64Array.of(low, high));
    check({
      extractLane: [[i64x2.extractLane(a, 1), x[1]]],
      abs: [[i64x2.abs(a), lanes((u) => (u < 0n ? -u : u))]],
      neg: [[i64x2.neg(a), lanes((u) => -u)]],
      allTrue: [[i64x2.allTrue(a), 1]],
      bitmask: [[i64x2.bitmask(a), 1]],
      shl: [[i64x2.shl(a, 3), lanes((u) => u << 3n)]],
      shrS: [[i64x2.shrS(a, 1), lanes((u) => u >> 1n)]],
      shrU: [[i64x2.shrU(a, 1), lanes((u) => BigInt.asUintN(64, u) >> 1n)]],
      add: [[i64x2.add(a, b), lanes((u, v) => u + v)]],
      sub: [[i64x2.sub(a, b), lanes((u, v) => u - v)]],
      mul: [[i64x2.mul(a, b), lanes((u, v) => u * v)]],
      eq: [[i64x2.eq(a, b), truth(compare.eq)]],
      ne: [[i64x2.ne(a, b), truth(compare.ne)]],
      ltS: [[i64x2.ltS(a, b), truth(compare.ltS)]],
      gtS: [[i64x2.gtS(b, a), truth((u, v) => v > u)]],
      leS: [[i64x2.leS(b, a), truth((u, v) => v <= u)]],
      geS: [[i64x2.geS(a, b), truth(compare.geS)]],
      extendLowI32x4S: [[i64x2.extendLowI32x4S(i), longs(-1n, 2n)]],
      extendHighI32x4S: [[i64x2.extendHighI32x4S(i), longs(3n, -4n)]],
      extendLowI32x4U: [[i64x2.extendLowI32x4U(i), longs(2n ** 32n - 1n, 2n)]],
      extendHighI32x4U: [[i64x2.extendHighI32x4U(i), longs(3n, 2n ** 32n - 4n)]],
      extmulLowI32x4S: [[i64x2.extmulLowI32x4S(i, i), longs(1n, 4n)]],
      extmulHighI32x4S: [[i64x2.extmulHighI32x4S(i, i), longs(9n, 16n)]],
      extmulLowI32x4U: [[i64x2.extmulLowI32x4U(i, i), longs(BigInt.asIntN(64, (2n ** 32n - 1n) ** 2n), 4n)]],
      extmulHighI32x4U: [[i64x2.extmulHighI32x4U(i, i), longs(9n, BigInt.asIntN(64, (2n ** 32n - 4n) ** 2n))]],
    });
  });

  test('f32x4 and f64x2', () => {
    const x = [-1.5, 2.5, 3, Number.NaN] as const;
    const y = [2, 0.3, 3, 1] as const;
    // The sign and payload of a NaN are not specified: what is computed from one is not compared.
    const defined = <T extends number>(list: readonly T[]) => list.slice(0, 3);
    const shapes = [
      {
        type: 'f32x4',
        op: f32x4,
        a: f32x4.const(...x),
        b: f32x4.const(...y),
        from: Float32Array,
        mask: Int32Array,
        x,
        y,
      },
      {
        type: 'f64x2',
        op: f64x2,
        a: f64x2.const(x[0], x[1]),
        b: f64x2.const(y[0], y[1]),
        from: Float64Array,
        mask: BigInt64Array,
        x: x.slice(0, 2),
        y: y.slice(0, 2),
      },
    ] as const;
    for (const { op, a, b, from, x, y, type } of shapes) {
      const keep = (vector: Expr<'v128'>) => (type === 'f32x4' ? v128.and(vector, i32x4.const(-1, -1, -1, 0)) : vector);
      const count = from.BYTES_PER_ELEMENT === 4 ? 4 : 2;
      const lanes = (f: (x: number, y: number) => number) => {
        const result = new from(count);
        defined(x).forEach((v, i) => {
          result[i] = f(from.of(v)[0] as number, from.of(y[i] as number)[0] as number);
        });
        return bytesOf(result);
      };
      const truth = (f: (x: number, y: number) => boolean) =>
        x.flatMap((v, i) => new Array<number>(from.BYTES_PER_ELEMENT).fill(f(v, y[i] as number) ? 255 : 0));
      check({
        ...Object.fromEntries(floatComparisons.map((name) => [name, [[op[name](a, b), truth(compareFloats[name])]]])),
        ceil: [[keep(op.ceil(a)), lanes(Math.ceil)]],
        floor: [[keep(op.floor(a)), lanes(Math.floor)]],
        trunc: [[keep(op.trunc(a)), lanes(Math.trunc)]],
        nearest: [[keep(op.nearest(a)), lanes((u) => (u === 3 ? 3 : u < 0 ? -2 : 2))]],
        abs: [[keep(op.abs(a)), lanes(Math.abs)]],
        neg: [[keep(op.neg(a)), lanes((u) => -u)]],
        sqrt: [[keep(op.sqrt(b)), lanes((_, v) => Math.sqrt(v))]],
        add: [[keep(op.add(a, b)), lanes((u, v) => u + v)]],
        sub: [[keep(op.sub(a, b)), lanes((u, v) => u - v)]],
        mul: [[keep(op.mul(a, b)), lanes((u, v) => u * v)]],
        div: [[keep(op.div(a, b)), lanes((u, v) => u / v)]],
        min: [[keep(op.min(a, b)), lanes(Math.min)]],
        max: [[keep(op.max(a, b)), lanes(Math.max)]],
        // A minimum with zeros of both signs tells pmin (y < x ? y : x) from min.
        pmin: [[op.pmin(op.splat(0), op.splat(-0)), bytesOf(new from(count).fill(0))]],
        pmax: [[op.pmax(op.splat(-0), op.splat(0)), bytesOf(new from(count).fill(-0))]],
        splat: [[op.splat(7), bytesOf(new from(count).fill(7))]],
        extractLane: [[op.extractLane(a, 1), 2.5]],
        replaceLane: [[op.extractLane(op.replaceLane(a, 1, 8), 1), 8]],
      });
    }
    const i = i32x4.const(-1, 2, 3, 4);
    check({
      convertI32x4S: [[f32x4.convertI32x4S(i), bytesOf(Float32Array.of(-1, 2, 3, 4))]],
      convertI32x4U: [[f32x4.convertI32x4U(i), bytesOf(Float32Array.of(2 ** 32, 2, 3, 4))]],
      convertLowI32x4S: [[f64x2.convertLowI32x4S(i), bytesOf(Float64Array.of(-1, 2))]],
      convertLowI32x4U: [[f64x2.convertLowI32x4U(i), bytesOf(Float64Array.of(2 ** 32 - 1, 2))]],
      promoteLowF32x4: [[f64x2.promoteLowF32x4(f32x4.const(1.5, 2, 3, 4)), bytesOf(Float64Array.of(1.5, 2))]],
      demoteF64x2Zero: [[f32x4.demoteF64x2Zero(f64x2.const(1.5, 0.1)), bytesOf(Float32Array.of(1.5, 0.1, 0, 0))]],
    });
  });

  test('i8x16 and bits', () => {
    const x = Array.from({ length: 16 }, (_, i) => 16 * i + i);
    const y = Array.from({ length: 16 }, (_, i) => (i * 37 + 200) % 256);
    const [a, b] = [v128.const(x), v128.const(y)];
    const byte = (value: number) => ((value % 256) + 256) % 256;
    const signed = (value: number) => (value << 24) >> 24;
    const lanes = (f: (x: number, y: number) => number) => x.map((v, i) => byte(f(v, y[i] as number)));
    const unsignedComparison = new Set<string>(['ltU', 'gtU', 'leU', 'geU']);
    check({
      ...Object.fromEntries(
        integerComparisons.map((name) => {
          const read = unsignedComparison.has(name) ? (v: number) => BigInt(v) : (v: number) => BigInt(signed(v));
          return [name, [[i8x16[name](a, b), lanes((u, v) => (compare[name](read(u), read(v)) ? -1 : 0))]]];
        }),
      ),
      abs: [[i8x16.abs(a), lanes((u) => Math.abs(signed(u)))]],
      neg: [[i8x16.neg(a), lanes((u) => -u)]],
      popcnt: [[i8x16.popcnt(a), lanes((u) => u.toString(2).replaceAll('0', '').length)]],
      add: [[i8x16.add(a, b), lanes((u, v) => u + v)]],
      sub: [[i8x16.sub(a, b), lanes((u, v) => u - v)]],
      minS: [[i8x16.minS(a, b), lanes((u, v) => Math.min(signed(u), signed(v)))]],
      minU: [[i8x16.minU(a, b), lanes(Math.min)]],
      maxS: [[i8x16.maxS(a, b), lanes((u, v) => Math.max(signed(u), signed(v)))]],
      maxU: [[i8x16.maxU(a, b), lanes(Math.max)]],
      shl: [[i8x16.shl(a, 1), lanes((u) => u << 1)]],
      shrS: [[i8x16.shrS(a, 1), lanes((u) => signed(u) >> 1)]],
      shrU: [[i8x16.shrU(a, 1), lanes((u) => u >> 1)]],
      allTrue: [[i8x16.allTrue(a), 0]],
      bitmask: [[i8x16.bitmask(a), 0xff00]],
      splat: [[i8x16.splat(3), new Array<number>(16).fill(3)]],
      extractLane: [[i8x16.extractLane(a, 15), -1]],
      replaceLane: [[i8x16.replaceLane(a, 2, 9), x.with(2, 9)]],
      shuffle: [
        [
          i8x16.shuffle(a, b, [31, 0, ...y.slice(2).map((v) => v % 32)]),
          [31, 0, ...y.slice(2).map((v) => v % 32)].map((i) => [...x, ...y][i]),
        ],
      ],
      swizzle: [[i8x16.swizzle(a, v128.const(y)), y.map((i) => x[i] ?? 0)]],
      not: [[v128.not(a), lanes((u) => ~u)]],
      and: [[v128.and(a, b), lanes((u, v) => u & v)]],
      andnot: [[v128.andnot(a, b), lanes((u, v) => u & ~v)]],
      or: [[v128.or(a, b), lanes((u, v) => u | v)]],
      xor: [[v128.xor(a, b), lanes((u, v) => u ^ v)]],
      bitselect: [
        [v128.bitselect(a, b, v128.const(x.map((_, i) => (i % 2 ? 255 : 0)))), x.map((v, i) => (i % 2 ? v : y[i]))],
      ],
      anyTrue: [
        [v128.anyTrue(a), 1],
        [v128.anyTrue(v128.xor(a, a)), 0],
      ],
    });
  });
});

describe('memory', () => {
  const module = new ModuleBuilder();
  module.importMemory('host', 'memory', { initial: 1, maximum: 3 });
  const define = (name: string, body: Parameters<typeof module.function<[], 'void'>>[1]) =>
    module.export(name, module.function({ params: [], result: 'void' }, body));
  define('scalars', (f) => {
    f.emit(i32.store(64, i32.load8S(0)));
    f.emit(i32.store(68, i32.load8U(0)));
    f.emit(i32.store(72, i32.load16S(0, 0)));
    f.emit(i32.store(76, i32.load16U(0)));
    f.emit(i32.store8(80, 0x1234));
    f.emit(i32.store16(60, 0x5678, 24));
    f.emit(i64.store(88, i64.load(0, 8)));
    f.emit(f32.store(96, f32.load(0, 16)));
    f.emit(f64.store(104, f64.load(0, 24)));
  });
  define('vectors', (f) => {
    f.emit(v128.store(64, v128.load(0)));
    f.emit(v128.store(80, v128.load32Splat(0, 4)));
    f.emit(v128.store(96, v128.load64Splat(0, 8)));
    f.emit(v128.store(112, v128.load32Zero(4)));
    f.emit(v128.store(128, v128.load64Zero(8)));
    f.emit(v128.store(144, v128.load32Lane(4, v128.load(0), 3)));
    f.emit(v128.store(160, v128.load64Lane(8, v128.load(0), 0)));
    f.emit(v128.store32Lane(176, v128.load(0), 2));
    f.emit(v128.store64Lane(172, v128.load(0), 1, 8));
  });
  define('blocks', (f) => {
    f.emit(memory.copy(66, 64, 4));
    f.emit(memory.fill(80, 7, 3));
    f.emit(i32.store(96, memory.size()));
    f.emit(i32.store(100, memory.grow(1)));
    f.emit(i32.store(104, memory.grow(9)));
  });
  const host = new WebAssembly.Memory({ initial: 1, maximum: 3 });
  const run = exportsOf(module, { host: { memory: host } });

  test('scalars', () => {
    const view = new DataView(host.buffer);
    view.setUint32(0, 0x1234fffe, true);
    view.setBigInt64(8, -5n, true);
    view.setFloat32(16, 1.25, true);
    view.setFloat64(24, 2.75, true);
    run.scalars?.();
    expect([64, 68, 72, 76].map((at) => view.getInt32(at, true))).toEqual([-2, 254, -2, 0xfffe]);
    expect([view.getInt32(80, true), view.getInt32(84, true)]).toEqual([0x34, 0x5678]);
    expect([view.getBigInt64(88, true), view.getFloat32(96, true), view.getFloat64(104, true)]).toEqual([
      -5n,
      1.25,
      2.75,
    ]);
  });

  test('vectors', () => {
    const words = new Int32Array(host.buffer);
    words.fill(0);
    words.set([1, 2, 3, 4]);
    run.vectors?.();
    expect([...words.subarray(16, 48)]).toEqual([
      ...[1, 2, 3, 4],
      ...[2, 2, 2, 2],
      ...[3, 4, 3, 4],
      ...[2, 0, 0, 0],
      ...[3, 4, 0, 0],
      ...[1, 2, 3, 2],
      ...[3, 4, 3, 4],
      ...[3, 3, 4, 0],
    ]);
  });

  test('copy, fill, size and grow', () => {
    new Uint8Array(host.buffer).set([1, 2, 3, 4], 64);
    run.blocks?.();
    const bytes = new Uint8Array(host.buffer);
    expect([...bytes.subarray(64, 70)]).toEqual([1, 2, 1, 2, 3, 4]);
    expect([...bytes.subarray(79, 84)]).toEqual([0, 7, 7, 7, 0]);
    expect([...new Int32Array(host.buffer, 96, 3)]).toEqual([1, 1, -1]);
    expect(host.buffer.byteLength).toBe(2 * 65536);
  });
});

describe('functions', () => {
  test('loops, branches and early return: the greatest common divisor', () => {
    const module = new ModuleBuilder();
    const gcd = module.function({ params: ['i32', 'i32'], result: 'i32' }, (f, x, y) => {
      const rest = f.local('i32');
      f.while(y, () => {
        f.set(rest, i32.remU(x, y));
        f.set(x, y);
        f.set(y, rest);
      });
      f.return(x);
    });
    module.export('gcd', gcd);
    expect(exportsOf(module).gcd?.(1071, 462)).toBe(21);
    expect(exportsOf(module).gcd?.(5, 0)).toBe(5);
  });

  test('labels of nested blocks', () => {
    const module = new ModuleBuilder();
    // The first (i, j) with i j = n, as 100 i + j.
    const factor = module.function({ params: ['i32'], result: 'i32' }, (f, n) => {
      const i = f.local('i32');
      const j = f.local('i32');
      f.block((found) => {
        f.set(i, 2);
        f.loop((nextRow) => {
          f.for(j, 2, 100, 1, () => {
            f.branchIf(found, i32.eq(i32.mul(i, j), n));
          });
          f.branchIf(nextRow, i32.ltS(tee(i, i32.add(i, 1)), 100));
        });
        f.return(-1);
      });
      f.return(i32.add(i32.mul(i, 100), j));
    });
    module.export('factor', factor);
    const run = exportsOf(module);
    expect([35, 49, 97].map((n) => run.factor?.(n))).toEqual([507, 707, -1]);
  });

  test('if, else and unconditional branches', () => {
    const module = new ModuleBuilder();
    const classify = module.function({ params: ['f64'], result: 'i32' }, (f, x) => {
      const result = f.local('i32', 5);
      f.block((end) => {
        f.if(f64.lt(x, 0), () => {
          f.set(result, -1);
          f.branch(end);
        });
        f.if(
          f64.gt(x, 0),
          () => f.set(result, 1),
          () => f.set(result, 0),
        );
      });
      f.return(result);
    });
    module.export('classify', classify);
    expect([-2, 0, 3].map((x) => exportsOf(module).classify?.(x))).toEqual([-1, 0, 1]);
  });

  test('calls, imports and locals of several types', () => {
    const module = new ModuleBuilder();
    const seen: number[] = [];
    const log = module.importFunction('host', 'log', { params: ['f64'], result: 'void' });
    const triple = module.importFunction('host', 'triple', { params: ['i32'], result: 'i32' });
    const square = module.function({ params: ['f64'], result: 'f64' }, (f, x) => f.return(f64.mul(x, x)));
    const main = module.function({ params: ['i32'], result: 'f64' }, (f, n) => {
      const i = f.local('i32');
      const sum = f.local('f64', 0.5);
      const k = f.local('i32', 1);
      f.for(i, 0, n, 2, () => {
        f.emit(call(log, sum));
        f.set(sum, f64.add(sum, call(square, f64.convertI32S(i))));
        f.increment(k, 1);
      });
      f.return(f64.add(sum, f64.convertI32S(call(triple, k))));
    });
    module.export('main', main);
    const run = exportsOf(module, { host: { log: (x: number) => seen.push(x), triple: (x: number) => 3 * x } });
    expect(run.main?.(6)).toBe(0.5 + 0 + 4 + 16 + 12);
    expect(seen).toEqual([0.5, 0.5, 4.5]);
  });

  test('unreachable traps', () => {
    const module = new ModuleBuilder();
    module.export(
      'trap',
      module.function({ params: [], result: 'void' }, (f) => f.unreachable()),
    );
    expect(() => exportsOf(module).trap?.()).toThrow(WebAssembly.RuntimeError);
  });

  test('bodies, constants and offsets that need long encodings', () => {
    const module = new ModuleBuilder();
    module.memory({ initial: 5 });
    const terms = 40_000;
    const sum = module.function({ params: ['i32'], result: 'i32' }, (f, x) => {
      for (let i = 0; i < terms; i++) f.increment(x, i);
      f.emit(i32.store(0, x, 300_000));
      f.return(i32.load(200_000, 100_000));
    });
    module.export('sum', sum);
    const bytes = module.encode();
    expect(bytes.length).toBeGreaterThan(2 ** 18);
    expect(exportsOf(module).sum?.(7)).toBe(7 + (terms * (terms - 1)) / 2);
  });

  test('equal signatures share one type', () => {
    const sizes = [1, 2].map((count) => {
      const module = new ModuleBuilder();
      for (let i = 0; i < count; i++) module.function({ params: ['v128', 'i64'], result: 'f32' }, (f) => f.return(1));
      return module.encode().length;
    });
    // Index in the function section; size, locals, constant, return, unreachable, end in the code section.
    expect((sizes[1] as number) - (sizes[0] as number)).toBe(1 + (1 + 1 + 5 + 1 + 1 + 1));
  });
});

describe('refusals', () => {
  test('literals', () => {
    for (const value of [0.5, 2 ** 32, -(2 ** 31) - 1, Number.NaN]) expect(() => i32.const(value)).toThrow(`${value}`);
    expect(() => v128.const([1, 2])).toThrow('16 bytes');
    expect(() => i8x16.shuffle(v128.const(new Array(16).fill(0)), v128.const(new Array(16).fill(0)), [1])).toThrow(
      '16 bytes',
    );
  });

  test('an import after a definition', () => {
    const module = new ModuleBuilder();
    module.function({ params: [], result: 'void' }, () => {});
    expect(() => module.importFunction('host', 'late', { params: [], result: 'void' })).toThrow('host.late');
  });
});
