// Running sums along an axis.

import { bytesPerElement } from '../../array/dtype';
import { type Shape, sizeOf } from '../../array/shape';
import type { NumericDtype } from '../reference/kernels/types';
import {
  call,
  type Expr,
  f32,
  f32x4,
  f64,
  f64x2,
  i32,
  i32x4,
  type Local,
  type ModuleBuilder,
  type Operand,
  type Statement,
  select,
  v128,
} from './assembler';

import { inputAt, type NativeKernel, nativeSignature, outputAt, partsFor, WordNames } from './native';
import { smaller } from './table-code';

const names = new WordNames(['x', 'out', 'length', 'inner', 'tiles', 'chunk', 'units', 'reverse']);

/** Neighbouring lines that are summed together. */
const tile = 16;

/** The sums that the reference makes: floats in double precision, each rounded; integers wrap. */
export function cumsumKernel(spec: {
  shape: Shape;
  dtype: NumericDtype;
  axis: number;
  reverse: boolean;
}): NativeKernel {
  const { shape, dtype, axis, reverse } = spec;
  const length = shape[axis] as number;
  const inner = sizeOf(shape.slice(axis + 1));
  const tiles = Math.ceil(inner / tile);
  const units = sizeOf(shape.slice(0, axis)) * tiles;
  const chunk = Math.ceil(units / partsFor(sizeOf(shape), 64));
  const words = names.table({
    ...{ x: inputAt(0), out: outputAt(0), length, inner, tiles, chunk, units },
    reverse: reverse ? 1 : 0,
  });
  const module = { key: `cumsum ${dtype}`, define: (m: ModuleBuilder) => defineCumsum(m, dtype) };
  return { stages: [{ run: { module, name: 'part' }, parts: Math.ceil(units / chunk), words }] };
}

interface SumCode<T extends 'v128' | 'f64' | 'i32'> {
  readonly type: T;
  /** Bytes of memory that a sum stands for. */
  readonly bytes: number;
  add(sum: Local<T>, from: Local<'i32'>, offset: number): Expr<T>;
  store(to: Local<'i32'>, sum: Local<T>, offset: number): Statement;
}

const plainStore = { store: v128.store, bytes: 16, type: 'v128' } as const;
const vectorCode = {
  float32: {
    type: 'v128',
    bytes: 8,
    add: (sum, from, offset) => f64x2.add(sum, f64x2.promoteLowF32x4(v128.load64Zero(from, offset))),
    store: (to, sum, offset) => v128.store64Lane(to, f32x4.demoteF64x2Zero(sum), 0, offset),
  },
  float64: { ...plainStore, add: (sum, from, offset) => f64x2.add(sum, v128.load(from, offset)) },
  integer: { ...plainStore, add: (sum, from, offset) => i32x4.add(sum, v128.load(from, offset)) },
} satisfies Record<string, SumCode<'v128'>>;

const float32Code: SumCode<'f64'> = {
  type: 'f64',
  bytes: 4,
  add: (sum, from, offset) => f64.add(sum, f64.promoteF32(f32.load(from, offset))),
  store: (to, sum, offset) => f32.store(to, f32.demoteF64(sum), offset),
};
const float64Code: SumCode<'f64'> = {
  type: 'f64',
  bytes: 8,
  add: (sum, from, offset) => f64.add(sum, f64.load(from, offset)),
  store: f64.store,
};
const integerCode: SumCode<'i32'> = {
  type: 'i32',
  bytes: 4,
  add: (sum, from, offset) => i32.add(sum, i32.load(from, offset)),
  store: i32.store,
};

function defineCumsum(module: ModuleBuilder, dtype: NumericDtype): void {
  const bytes = bytesPerElement(dtype);
  /** Some neighbouring lines. */
  const define = <T extends 'v128' | 'f64' | 'i32'>(code: SumCode<T>, columns: number) =>
    module.function({ params: ['i32', 'i32', 'i32', 'i32'], result: 'void' }, (f, from, to, step, left) => {
      const sums = Array.from({ length: (columns * bytes) / code.bytes }, () => f.local(code.type));
      f.while(left, () => {
        sums.forEach((sum, i) => {
          f.set(sum, code.add(sum, from, i * code.bytes) as Operand<T>);
        });
        sums.forEach((sum, i) => {
          f.emit(code.store(to, sum, i * code.bytes));
        });
        f.increment(from, step);
        f.increment(to, step);
        f.increment(left, -1);
      });
    });
  const kind = dtype === 'float32' || dtype === 'float64' ? dtype : 'integer';
  const together = define(vectorCode[kind], tile);
  const single =
    kind === 'float32' ? define(float32Code, 1) : kind === 'float64' ? define(float64Code, 1) : define(integerCode, 1);
  const part = module.function(nativeSignature, (f, table, index) => {
    const word = (name: (typeof names.names)[number]) => i32.load(table, names.offset(name));
    const [length, inner] = [f.local('i32', word('length')), f.local('i32', word('inner'))];
    const step = f.local('i32', i32.mul(inner, bytes));
    const unit = f.local('i32', i32.mul(index, word('chunk')));
    const end = f.local('i32', smaller(f, i32.add(unit, word('chunk')), word('units')));
    const [column, at, left] = [f.local('i32'), f.local('i32'), f.local('i32')];
    f.for(unit, unit, end, 1, () => {
      f.set(column, i32.mul(i32.remU(unit, word('tiles')), tile));
      f.set(left, smaller(f, i32.sub(inner, column), i32.const(tile)));
      f.set(at, i32.mul(i32.mul(i32.divU(unit, word('tiles')), length), step));
      f.increment(at, i32.mul(column, bytes));
      f.if(word('reverse'), () => f.increment(at, i32.mul(i32.sub(length, 1), step)));
      const direction = f.local('i32', select(word('reverse'), i32.sub(0, step), step));
      const sum = (target: typeof together) =>
        f.emit(call(target, i32.add(word('x'), at), i32.add(word('out'), at), direction, length));
      f.if(
        i32.eq(left, tile),
        () => sum(together),
        () => {
          f.while(left, () => {
            sum(single);
            f.increment(at, bytes);
            f.increment(left, -1);
          });
        },
      );
    });
  });
  module.export('part', part);
}
